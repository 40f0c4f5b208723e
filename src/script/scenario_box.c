/* The table `box`: box.NAME { … } puts a box on the path. */
#include "script/scenario_loader.h"

static bool box_value(lua_State *L, struct box_value *value)
{
	int is_whole = 0;

	switch (lua_type(L, -1)) {
	case LUA_TBOOLEAN:
		*value = (struct box_value){.type = BOX_VALUE_BOOL, .flag = lua_toboolean(L, -1)};
		return true;
	case LUA_TSTRING:
		*value = (struct box_value){.type = BOX_VALUE_TEXT, .text = lua_tostring(L, -1)};
		return true;
	case LUA_TNUMBER:
		*value = (struct box_value){.type = BOX_VALUE_INT,
					    .number = lua_tointegerx(L, -1, &is_whole)};
		return is_whole;
	default: return false;
	}
}

static void box_params(lua_State *L, struct box *box, const char *what)
{
	struct box_value value;
	struct error err;

	lua_pushnil(L);
	while (lua_next(L, 1)) {
		if (lua_type(L, -2) != LUA_TSTRING)
			luaL_error(L, "%s: expected parameters by name: %s { key = value }", what,
				   what);
		if (!box_value(L, &value))
			value_error(L, what, lua_tostring(L, -2),
				    "a whole number, true or false, or a text");
		if (box_set(box, lua_tostring(L, -2), &value, &err))
			statement_error(L, &err);
		lua_pop(L, 1);
	}
}

/* box.NAME { … }; the name is the closure's upvalue. */
static int box_statement(lua_State *L)
{
	const char *name = lua_tostring(L, lua_upvalueindex(1));
	const char *what = lua_pushfstring(L, "box.%s", name);
	struct error err;
	struct box *box;

	lua_insert(L, 1);
	if (lua_gettop(L) != 2 || !lua_istable(L, 2))
		return luaL_error(L, "%s: expected a table: %s { … }", what, what);
	lua_insert(L, 1); /* the table first, what behind it: kept alive */
	box = lab_add_box(scenario_of(L)->lab, name, &err);
	if (!box)
		return statement_error(L, &err);
	box_params(L, box, what);
	if (box_ready(box, &err))
		return statement_error(L, &err);
	return statement_element(L);
}

/* An unknown name behind `box.` is answered with those there are. */
static int box_unknown(lua_State *L)
{
	struct error err = {0};

	if (lua_type(L, 2) != LUA_TSTRING)
		return luaL_error(L, "box: expected the name of a box behind it");
	box_free(box_new(lua_tostring(L, 2), &err));
	return statement_error(L, &err);
}

void path_boxes(lua_State *L)
{
	const struct box_ops *const *list = box_list();

	lua_newtable(L);
	for (size_t i = 0; list[i]; i++) {
		lua_pushstring(L, list[i]->name);
		lua_pushcclosure(L, box_statement, 1);
		lua_setfield(L, -2, list[i]->name);
	}
	lua_newtable(L);
	lua_pushcfunction(L, box_unknown);
	lua_setfield(L, -2, "__index");
	lua_setmetatable(L, -2);
}
