# One plain Makefile for everything. `make help` lists the targets.
#
#   build/bin      mboxtrace (build/bin-asan, build/bin-cov: the same by flavour)
#   build/obj      objects and their dependencies, by flavour
#   build/tests    test programs, by flavour
#   build/fuzz     libFuzzer programs and what they found
#
# A flavour is a set of compiler flags with objects of its own, so that flavours live side by side
# and one make may build several at once: FLAVOURS below. `make FLAVOUR=asan all unit` picks one.

PREFIX  ?= /usr/local
DESTDIR ?=
VERSION := 0.1
CC      := $(if $(filter default,$(origin CC)),gcc,$(CC))
CLANG   ?= clang
GCC     ?= gcc
FLAVOUR ?= plain
FUZZ_S  ?= 60

# ---------------------------------------------------------------------------------------------
# What the system has. Lua's and libdnet's names differ between distributions.

PKG_CONFIG ?= pkg-config
LUA  := $(firstword $(foreach name,lua5.4 lua-5.4 lua54 lua,$(shell \
	$(PKG_CONFIG) --exists '$(name) >= 5.4 $(name) < 5.5' 2>/dev/null && echo $(name))) lua5.4)
PKGS := libpcap $(LUA) nettle libnftables libcap-ng jansson
DNET := $(shell echo '\#include <dumbnet.h>' | $(CC) -E - >/dev/null 2>&1 && echo -ldumbnet || echo -ldnet)

DEP_CFLAGS := $(shell $(PKG_CONFIG) --cflags $(PKGS) 2>/dev/null)
DEP_LIBS   := -lnet $(DNET) $(or $(shell $(PKG_CONFIG) --libs $(PKGS) 2>/dev/null),-lpcap -llua5.4 \
	-lnettle -lnftables -lcap-ng -ljansson) -lpthread -lm

# ---------------------------------------------------------------------------------------------
# Flags

WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla \
	-Wpointer-arith -Wwrite-strings -Wundef -Wformat=2
WERROR   ?= $(if $(CI),-Werror)
CFLAGS   ?= -O2 -g
BASE     := -std=c11 -D_GNU_SOURCE -DMBOXTRACE_VERSION='"$(VERSION)"' \
	-DMBOXTRACE_DATA='"$(PREFIX)/share/mboxtrace"' -Isrc -Itests $(WARNINGS) $(DEP_CFLAGS)

#   plain           what is installed
#   asan            address and undefined-behaviour sanitizer
#   cov             line coverage
#   fuzz            for libFuzzer, clang only
#   gcc, clang      warnings are errors, whatever CI says: `make lint`
FLAVOURS := plain asan cov fuzz gcc clang

SANITIZE    := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
flags_plain := $(WERROR)
flags_asan  := $(WERROR) -O1 $(SANITIZE)
flags_cov   := $(WERROR) -O0 --coverage
flags_fuzz  := $(WERROR) -O1 $(SANITIZE) -fsanitize=fuzzer-no-link
flags_gcc   := -Werror
flags_clang := -Werror
cc_plain    := $(CC)
cc_asan     := $(CC)
cc_cov      := $(CC)
cc_fuzz     := $(CLANG)
cc_gcc      := $(GCC)
cc_clang    := $(CLANG)

# ---------------------------------------------------------------------------------------------
# Files

SRC     := $(sort $(wildcard src/*/*.c))
LIB_SRC := $(filter-out src/cli/main.c,$(SRC))
UNIT    := $(patsubst tests/%.c,%,$(sort $(wildcard tests/unit/*_test.c tests/lab/*_test.c)))
SUPPORT := $(sort $(wildcard tests/support/*.c))
FUZZ    := $(patsubst tests/fuzz/fuzz_%.c,%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))
BENCH   := $(patsubst tests/bench/%.c,%,$(sort $(wildcard tests/bench/*.c)))
LIVE    := $(patsubst tests/live/%.c,build/tests/plain/live/%,$(sort $(wildcard tests/live/*.c)))
C_FILES := $(sort $(wildcard src/*/*.[ch] tests/*/*.[ch]))
# Real captures, where they stand beside the project: tests read them back.
export MBOXTRACE_PCAPS ?= $(wildcard $(CURDIR)/../shared/pcaps)
SCRIPTS := $(sort bootstrap .ci/run $(wildcard tools/* tests/*/run tests/*/*.sh tests/live/cases/*.sh tests/bench/path tests/bench/bulk))
MAN     := $(sort $(wildcard man/*.[1-8]))
LUA_SRC := $(sort $(shell find lua -name '*.lua' 2>/dev/null))

bin_plain := build/bin/mboxtrace
$(foreach f,$(filter-out plain,$(FLAVOURS)),$(eval bin_$f := build/bin-$f/mboxtrace))

.PHONY: all unit check demo bench lint format cov fuzz install uninstall help clean FORCE
.DELETE_ON_ERROR:
.SECONDARY:

all: $(bin_$(FLAVOUR)) ## build mboxtrace (default)

# ---------------------------------------------------------------------------------------------
# Building, once a flavour. build/obj/$f/flags is rewritten when the command line changes, and
# then everything of that flavour is built anew. V=1 shows the commands.

SAY = $(if $(V),set -x;,echo '  $1 $@';)

define flavour_rules
build/obj/$1/flags: export FLAGS = $(cc_$1) $(BASE) $(CFLAGS) $(flags_$1) $(LDFLAGS) $(DEP_LIBS)
build/obj/$1/flags: FORCE
	@mkdir -p $$(@D) && { echo "$$$$FLAGS" | cmp -s - $$@ || echo "$$$$FLAGS" >$$@; }

build/obj/$1/%.o: %.c build/obj/$1/flags
	@mkdir -p $$(@D)
	@$$(call SAY,CC)$(cc_$1) $(BASE) $(CFLAGS) $(flags_$1) -MMD -MP -c -o $$@ $$<

build/obj/$1/libmboxtrace.a: $(LIB_SRC:%.c=build/obj/$1/%.o)
	@rm -f $$@
	@$$(call SAY,AR)$(AR) rcs $$@ $$^

$(bin_$1): build/obj/$1/src/cli/main.o build/obj/$1/libmboxtrace.a
	@mkdir -p $$(@D)
	@$$(call SAY,LD)$(cc_$1) $(CFLAGS) $(flags_$1) $(LDFLAGS) -o $$@ $$^ $(DEP_LIBS)

build/tests/$1/fuzz/fuzz_%: build/obj/$1/tests/fuzz/fuzz_%.o \
		build/obj/$1/tests/fuzz/standalone.o build/obj/$1/libmboxtrace.a
	@mkdir -p $$(@D)
	@$$(call SAY,LD)$(cc_$1) $(CFLAGS) $(flags_$1) $(LDFLAGS) -o $$@ $$^ $(DEP_LIBS)

build/tests/$1/live/%: build/obj/$1/tests/live/%.o build/obj/$1/libmboxtrace.a
	@mkdir -p $$(@D)
	@$$(call SAY,LD)$(cc_$1) $(CFLAGS) $(flags_$1) $(LDFLAGS) -o $$@ $$^ $(DEP_LIBS)

build/tests/$1/bench/%: build/obj/$1/tests/bench/%.o $(SUPPORT:%.c=build/obj/$1/%.o) \
		build/obj/$1/libmboxtrace.a
	@mkdir -p $$(@D)
	@$$(call SAY,LD)$(cc_$1) $(CFLAGS) $(flags_$1) $(LDFLAGS) -o $$@ $$^ -lcmocka $(DEP_LIBS)

build/tests/$1/%_test: build/obj/$1/tests/%_test.o $(SUPPORT:%.c=build/obj/$1/%.o) \
		build/obj/$1/libmboxtrace.a
	@mkdir -p $$(@D)
	@$$(call SAY,LD)$(cc_$1) $(CFLAGS) $(flags_$1) $(LDFLAGS) -o $$@ $$^ -lcmocka $(DEP_LIBS)
endef
$(foreach f,$(FLAVOURS),$(eval $(call flavour_rules,$f)))

build/fuzz/fuzz_%: build/obj/fuzz/tests/fuzz/fuzz_%.o build/obj/fuzz/libmboxtrace.a
	@mkdir -p $(@D)
	@$(call SAY,LD)$(CLANG) $(CFLAGS) $(flags_fuzz) -fsanitize=fuzzer $(LDFLAGS) -o $@ $^ $(DEP_LIBS)

-include $(shell find build/obj -name '*.d' 2>/dev/null)

# ---------------------------------------------------------------------------------------------
# Testing

unit_of  = $(UNIT:%=build/tests/$1/%)
smoke_of = $(FUZZ:%=build/tests/$1/fuzz/fuzz_%)

# Does the compiler link the sanitizers? (Not on musl's gcc.)
SANITIZER = $(shell mkdir -p build && echo 'int main(void){return 0;}' | \
	$(CC) $(SANITIZE) -x c -o build/.sanitizer - 2>/dev/null && echo asan)

unit: $(call unit_of,$(FLAVOUR)) ## unit and lab tests of one FLAVOUR (plain, asan)
	@tools/run-tests $^

ifneq ($(filter check,$(MAKECMDGOALS)),)
CHECKED := $(SANITIZER)
check: $(call unit_of,plain) $(foreach f,$(CHECKED),$(call unit_of,$f)) \
	$(call smoke_of,$(or $(CHECKED),plain)) $(LIVE) $(bin_plain) $(foreach f,$(CHECKED),$(bin_$f))
endif
check: ## all tests: unit, lab, golden, fuzz smoke, live; plain and under ASan and UBSan
	@tools/run-tests tools/lint-includes $(call unit_of,plain) \
		$(or $(foreach f,$(CHECKED),$(call unit_of,$f)),skip:asan:no-sanitizer-library) \
		$(call smoke_of,$(or $(CHECKED),plain)) \
		$(foreach f,plain $(CHECKED),MBOXTRACE=$(bin_$f) tests/golden/run) \
		MBOXTRACE=$(CURDIR)/$(bin_plain) tests/live/run

demo: $(bin_plain) ## trace an emulated path with a box that strips MP_CAPABLE
	@tools/demo $(bin_plain)

bench: $(BENCH:%=build/tests/plain/bench/%) $(LIVE) $(bin_plain) ## ratios against peers and limits
	@tools/bench

fuzz: $(FUZZ:%=build/fuzz/fuzz_%) ## run every fuzzer for FUZZ_S seconds (libFuzzer, clang)
	@FUZZ_S=$(FUZZ_S) tools/fuzz $(FUZZ)

cov: $(call unit_of,cov) $(bin_cov) $(LIVE) ## line coverage of the tests
	@find build/obj/cov -name '*.gcda' -delete
	@chmod -R a+rwX build/obj/cov # a program that gave its privileges away writes there too
	-@tools/run-tests $(call unit_of,cov) MBOXTRACE=$(CURDIR)/$(bin_cov) tests/golden/run tests/live/run
	@tools/cov build/obj/cov

# ---------------------------------------------------------------------------------------------
# Reading

.PHONY: lint-format lint-includes lint-size lint-gcc lint-clang lint-tidy lint-shell lint-man
lint: lint-format lint-includes lint-size lint-gcc lint-clang lint-tidy lint-shell lint-man ## everything below

lint-format: ## clang-format
	clang-format --dry-run -Werror $(C_FILES)

lint-includes: ## no include climbs, no library outside its room
	tools/lint-includes

lint-size: ## lengths of files (over 600 lines: an error) and of functions
	tools/lint-size $(C_FILES)

LINTED = $(filter-out tests/fuzz/%,$(filter %.c,$(C_FILES)))
lint-gcc: $(patsubst %.c,build/obj/gcc/%.o,$(LINTED)) ## gcc without a warning
lint-clang: $(patsubst %.c,build/obj/clang/%.o,$(filter %.c,$(C_FILES))) ## clang without a warning

lint-tidy: ## clang-tidy (.clang-tidy)
	printf '%s\n' $(SRC) | xargs -P 2 -n 4 sh -c 'clang-tidy --quiet "$$@" -- $$FLAGS 2>/dev/null' tidy
lint-tidy: export FLAGS = $(subst ',,$(BASE))

lint-shell: ## shellcheck
	@if command -v shellcheck >/dev/null; then set -x; shellcheck -s sh -S warning -e SC1090,SC2034,SC2154,SC3043 $(SCRIPTS); \
	else echo 'skipped: no shellcheck'; fi

lint-man: ## man pages
	@tools/lint-man $(MAN)

format: ## clang-format in place
	clang-format -i $(C_FILES)

# ---------------------------------------------------------------------------------------------
# Installing

bindir  := $(DESTDIR)$(PREFIX)/bin
mandir  := $(DESTDIR)$(PREFIX)/share/man
datadir := $(DESTDIR)$(PREFIX)/share/mboxtrace
bashdir := $(DESTDIR)$(PREFIX)/share/bash-completion/completions

install: $(bin_plain) ## to DESTDIR and PREFIX
	install -D -m 755 $(bin_plain) $(bindir)/mboxtrace
	@for page in $(MAN); do \
		install -D -m 644 $$page $(mandir)/man$${page##*.}/$${page##*/} || exit 1; done
	@for file in $(LUA_SRC); do \
		install -D -m 644 $$file $(datadir)/$${file#lua/} || exit 1; done
	@mkdir -p $(bashdir)
	@$(bin_plain) --completion bash >$(bashdir)/mboxtrace 2>/dev/null || rm -f $(bashdir)/mboxtrace

uninstall: ## what install put there
	rm -f $(bindir)/mboxtrace $(bashdir)/mboxtrace
	@for page in $(MAN); do rm -f $(mandir)/man$${page##*.}/$${page##*/}; done
	rm -rf $(datadir)

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' Makefile

clean: ## remove build/
	rm -rf build
