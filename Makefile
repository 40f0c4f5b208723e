# One plain Makefile. `make help` lists the targets.
#
#   build/bin      mboxtrace
#   build/obj      objects and their dependencies, by flavour: plain, asan, cov, fuzz
#   build/tests    unit tests, one binary a file of tests/unit and tests/lab

PREFIX  ?= /usr/local
DESTDIR ?=
VERSION := 0.1
CC      ?= gcc
CLANG   ?= clang
FLAVOUR ?= plain
WERROR  ?= $(if $(CI),-Werror)

PKG_CONFIG ?= pkg-config
PKGS       := libpcap lua5.4 nettle hogweed libnftables libcap-ng jansson
DEP_CFLAGS := $(shell $(PKG_CONFIG) --cflags libpcap lua5.4 jansson 2>/dev/null)
LIBS       := -lnet -lpcap -ldumbnet $(shell $(PKG_CONFIG) --libs lua5.4 2>/dev/null || echo -llua5.4) \
	      -lnftables -lcap-ng -ljansson -lnettle -lpthread -lm

WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla \
	    -Wpointer-arith -Wwrite-strings -Wundef -Wformat=2
CFLAGS   ?= -O2 -g
BASE     := -std=c11 -D_GNU_SOURCE -DMBOXTRACE_VERSION='"$(VERSION)"' \
	    -DMBOXTRACE_DATA='"$(PREFIX)/share/mboxtrace"' -Isrc -Itests $(WARNINGS) $(WERROR) $(DEP_CFLAGS)

flags_plain :=
flags_asan  := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer -O1
flags_cov   := --coverage -O0
flags_fuzz  := -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -O1

O    := build/obj/$(FLAVOUR)
BIN  := build/bin$(if $(filter-out plain,$(FLAVOUR)),-$(FLAVOUR))/mboxtrace
TEST := build/tests/$(FLAVOUR)

SRC      := $(sort $(wildcard src/*/*.c))
LIB_SRC  := $(filter-out src/cli/main.c,$(SRC))
LIB      := $(O)/libmboxtrace.a
UNIT_SRC := $(sort $(wildcard tests/unit/*_test.c tests/lab/*_test.c))
UNIT     := $(patsubst tests/%.c,$(TEST)/%,$(UNIT_SRC))
SUPPORT  := $(patsubst %.c,$(O)/%.o,$(sort $(wildcard tests/support/*.c)))

.PHONY: all unit clean
.DELETE_ON_ERROR:
.SECONDARY:

all: $(BIN)

$(O)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(CC) $(BASE) $(CFLAGS) $(flags_$(FLAVOUR)) -MMD -MP -c -o $@ $<

$(LIB): $(LIB_SRC:%.c=$(O)/%.o)
	@rm -f $@
	$(AR) rcs $@ $^

$(BIN): $(O)/src/cli/main.o $(LIB)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(flags_$(FLAVOUR)) $(LDFLAGS) -o $@ $^ $(LIBS)

$(TEST)/%: $(O)/tests/%.o $(SUPPORT) $(LIB)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(flags_$(FLAVOUR)) $(LDFLAGS) -o $@ $^ -lcmocka $(LIBS)

# All unit and lab tests of this flavour.
unit: $(UNIT)
	@for t in $(UNIT); do echo "# $$t"; $$t || exit 1; done

clean:
	rm -rf build

-include $(shell find build/obj -name '*.d' 2>/dev/null)
