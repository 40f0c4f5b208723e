#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "script/scenario_loader.h"

/* Pushes the value at `at` as the user might have written it. */
static const char *push_value(lua_State *L, int at)
{
	switch (lua_type(L, at)) {
	case LUA_TSTRING: return lua_pushfstring(L, "'%s'", lua_tostring(L, at));
	case LUA_TBOOLEAN: return lua_pushstring(L, lua_toboolean(L, at) ? "true" : "false");
	case LUA_TNUMBER: lua_pushvalue(L, at); return lua_tostring(L, -1);
	default: return lua_pushfstring(L, "a %s", luaL_typename(L, at));
	}
}

int value_error(lua_State *L, const char *what, const char *key, const char *expected)
{
	const char *value = push_value(L, lua_gettop(L));

	return luaL_error(L, "%s: %s = %s: expected %s", what, key, value, expected);
}

int statement_error(lua_State *L, const struct error *err)
{
	return luaL_error(L, "%s", err->text);
}

static int key_error(lua_State *L, const char *what, const struct entry *entries)
{
	const char *key = push_value(L, -2);
	luaL_Buffer names;

	luaL_buffinit(L, &names);
	for (size_t i = 0; entries[i].key; i++) {
		if (i)
			luaL_addstring(&names, entries[i + 1].key ? ", " : " or ");
		luaL_addstring(&names, entries[i].key);
	}
	luaL_pushresult(&names);
	return luaL_error(L, "%s: %s: expected %s", what, key, lua_tostring(L, -1));
}

static const struct entry *entry_find(const struct entry *entries, const char *key)
{
	for (; entries->key; entries++)
		if (!strcmp(entries->key, key))
			return entries;
	return NULL;
}

void table_read(lua_State *L, const char *what, const struct entry *entries, void *out)
{
	int table = lua_gettop(L);

	lua_pushnil(L);
	while (lua_next(L, table)) {
		const struct entry *e = NULL;

		if (lua_type(L, -2) == LUA_TSTRING)
			e = entry_find(entries, lua_tostring(L, -2));
		if (!e)
			key_error(L, what, entries);
		else if (!e->read(L, e, (char *)out + e->offset))
			value_error(L, what, e->key, e->expected);
		lua_pop(L, 1);
	}
}

void statement_read(lua_State *L, const char *what, const struct entry *entries, void *out)
{
	if (lua_gettop(L) != 1 || !lua_istable(L, 1))
		luaL_error(L, "%s: expected a table: %s { … }", what, what);
	table_read(L, what, entries, out);
}

bool read_bool(lua_State *L, const struct entry *e, void *at)
{
	(void)e;
	*(bool *)at = lua_toboolean(L, -1);
	return lua_isboolean(L, -1);
}

static bool whole(lua_State *L, const struct entry *e, int64_t *out)
{
	int is_whole = 0;

	*out = lua_type(L, -1) == LUA_TNUMBER ? lua_tointegerx(L, -1, &is_whole) : 0;
	return is_whole && *out >= e->min && *out <= e->max;
}

bool read_u8(lua_State *L, const struct entry *e, void *at)
{
	int64_t value;
	bool ok = whole(L, e, &value);

	*(uint8_t *)at = (uint8_t)value;
	return ok;
}

bool read_u16(lua_State *L, const struct entry *e, void *at)
{
	int64_t value;
	bool ok = whole(L, e, &value);

	*(uint16_t *)at = (uint16_t)value;
	return ok;
}

bool read_u32(lua_State *L, const struct entry *e, void *at)
{
	int64_t value;
	bool ok = whole(L, e, &value);

	*(uint32_t *)at = (uint32_t)value;
	return ok;
}

bool read_u64(lua_State *L, const struct entry *e, void *at)
{
	int64_t value;
	bool ok = whole(L, e, &value);

	*(uint64_t *)at = (uint64_t)value;
	return ok;
}

bool read_real(lua_State *L, const struct entry *e, void *at)
{
	double value = lua_tonumber(L, -1);

	*(double *)at = value;
	return lua_type(L, -1) == LUA_TNUMBER && value >= (double)e->min && value <= (double)e->max;
}

/* A number and what it is followed by, which *unit is left at; negative: none. */
static double quantity(lua_State *L, const char **unit)
{
	const char *text = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "";
	char *end = NULL;
	double value = -1;

	if (*text >= '0' && *text <= '9')
		value = strtod(text, &end);
	*unit = end ? end : "";
	return value;
}

struct unit {
	const char *name;
	double factor;
};

static double factor_of(const struct unit *units, const char *name)
{
	for (; units->name; units++)
		if (!strcmp(units->name, name))
			return units->factor;
	return -1;
}

bool read_duration(lua_State *L, const struct entry *e, void *at)
{
	static const struct unit units[] = {{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {0}};
	const char *unit;
	double value = quantity(L, &unit), factor = factor_of(units, unit);
	double ns = value * factor;

	(void)e;
	if (value < 0 || factor < 0 || !(ns <= 3600e9))
		return false;
	*(int64_t *)at = llround(ns);
	return true;
}

bool read_bit_rate(lua_State *L, const struct entry *e, void *at)
{
	static const struct unit units[] = {{"", 1}, {"k", 1e3}, {"M", 1e6}, {"G", 1e9}, {0}};
	const char *unit;
	double value, factor = 1;

	(void)e;
	if (lua_type(L, -1) == LUA_TNUMBER) {
		value = lua_tonumber(L, -1);
	} else {
		value = quantity(L, &unit);
		factor = factor_of(units, unit);
	}
	if (factor < 0 || !(value * factor >= 1 && value * factor <= 1e12))
		return false;
	*(uint64_t *)at = (uint64_t)(value * factor);
	return true;
}

static bool read_addr(lua_State *L, void *at, uint8_t family)
{
	struct ip_addr addr;

	if (lua_type(L, -1) != LUA_TSTRING || !ip_addr_parse(&addr, lua_tostring(L, -1)))
		return false;
	*(struct ip_addr *)at = addr;
	return addr.family == family;
}

bool read_addr4(lua_State *L, const struct entry *e, void *at)
{
	(void)e;
	return read_addr(L, at, 4);
}

bool read_addr6(lua_State *L, const struct entry *e, void *at)
{
	(void)e;
	return read_addr(L, at, 6);
}

/* It is printed to terminals. */
static bool is_printable(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
			return false;
	return true;
}

bool read_text(lua_State *L, const struct entry *e, void *at)
{
	size_t len;
	const char *text;

	if (lua_type(L, -1) != LUA_TSTRING)
		return false;
	text = lua_tolstring(L, -1, &len);
	if (!len || len >= (size_t)e->max || !is_printable(text, len))
		return false;
	memcpy(at, text, len + 1);
	return true;
}

bool read_name(lua_State *L, const struct entry *e, void *at)
{
	const char *name;

	for (int i = 0; lua_type(L, -1) == LUA_TSTRING && (name = e->name(i)); i++) {
		if (strcmp(name, lua_tostring(L, -1)) != 0)
			continue;
		*(int *)at = i;
		return true;
	}
	return false;
}
