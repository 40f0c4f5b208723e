/* Inside the scenario loader: tables of a script read by tables of entries. */
#ifndef MBOXTRACE_SCRIPT_SCENARIO_LOADER_H
#define MBOXTRACE_SCRIPT_SCENARIO_LOADER_H

#include <lauxlib.h>
#include <lua.h>

#include "script/scenario.h"

/* A key a statement takes. */
struct entry {
	const char *key;
	/* Reads the value at the top of the stack into *at; false if it will not do. */
	bool (*read)(lua_State *L, const struct entry *e, void *at);
	size_t offset;	      /* of what it sets in the statement's struct */
	const char *expected; /* for the message */
	int64_t min, max;
	const char *(*name)(int i); /* read_name: the i-th name, NULL behind the last */
};

/* Reads the statement's one argument, a table, into `out` by `entries` (ending with a NULL key).
 * Raises a Lua error about anything else. */
void statement_read(lua_State *L, const char *what, const struct entry *entries, void *out);
/* Likewise the table at the top of the stack. */
void table_read(lua_State *L, const char *what, const struct entry *entries, void *out);
/* Raises "FILE:LINE: what: key = value: expected …" about the value at the top. */
int value_error(lua_State *L, const char *what, const char *key, const char *expected);
/* Raises "FILE:LINE: text". */
int statement_error(lua_State *L, const struct error *err);

/* Readers. */
bool read_bool(lua_State *L, const struct entry *e, void *at);	   /* bool */
bool read_u8(lua_State *L, const struct entry *e, void *at);	   /* uint8_t, min to max */
bool read_u16(lua_State *L, const struct entry *e, void *at);	   /* uint16_t, min to max */
bool read_u32(lua_State *L, const struct entry *e, void *at);	   /* uint32_t, min to max */
bool read_u64(lua_State *L, const struct entry *e, void *at);	   /* uint64_t, min to max */
bool read_real(lua_State *L, const struct entry *e, void *at);	   /* double, min to max */
bool read_duration(lua_State *L, const struct entry *e, void *at); /* int64_t, ns */
bool read_bit_rate(lua_State *L, const struct entry *e, void *at); /* uint64_t, bit/s */
bool read_addr4(lua_State *L, const struct entry *e, void *at);	   /* struct ip_addr */
bool read_addr6(lua_State *L, const struct entry *e, void *at);
bool read_text(lua_State *L, const struct entry *e, void *at); /* char[max], shorter than max */
bool read_name(lua_State *L, const struct entry *e, void *at); /* int, index of a name */

struct scenario *scenario_of(lua_State *L);

#define ADDR4 "an IPv4 address in quotes"
#define ADDR6 "an IPv6 address in quotes"

int statement_target(lua_State *L);
/* Pushes the element added last: elements of a path are values of the script, to be given to
 * `shared`. Returns 1. */
int statement_element(lua_State *L);

/* The statements, for luaL_setfuncs. */
extern const struct luaL_Reg path_statements[], expect_statements[];
void path_boxes(lua_State *L); /* scenario_box.c: pushes the table `box` */

#endif
