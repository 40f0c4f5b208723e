#include "script/scenario.h"

#include <errno.h>
#include <lualib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "script/scenario_loader.h"

#define FILE_MAX	 (1 << 20)
#define MEMORY_MAX	 (4u << 20)   /* at once */
#define ALLOCATIONS_MAX	 (256u << 20) /* in all: bounds the work of copying strings, too */
#define INSTRUCTIONS_MAX 1000000

struct loader {
	struct scenario *scenario;
	const char *name;
	struct span text;
	uint64_t seed;
	size_t memory, allocations;
};

static struct loader *loader_of(lua_State *L)
{
	return *(struct loader **)lua_getextraspace(L);
}

struct scenario *scenario_of(lua_State *L)
{
	return loader_of(L)->scenario;
}

static void *allocate(void *context, void *at, size_t old, size_t new)
{
	struct loader *loader = context;
	void *moved;

	if (!at)
		old = 0; /* then it tells the kind of object */
	if (!new) {
		free(at);
		loader->memory -= old;
		return NULL;
	}
	if (new > old && (loader->memory + (new - old) > MEMORY_MAX ||
			  loader->allocations + new > ALLOCATIONS_MAX))
		return NULL;
	moved = realloc(at, new);
	if (!moved)
		return NULL;
	loader->memory += new - old;
	loader->allocations += new;
	return moved;
}

static void out_of_instructions(lua_State *L, lua_Debug *ar)
{
	lua_getinfo(L, "Sl", ar);
	lua_pushfstring(L, "%s:%d: the script does not end: expected at most %d instructions",
			ar->short_src, ar->currentline, INSTRUCTIONS_MAX);
	lua_error(L);
}

/* What a script may call, library by library. Left out is what reaches files or other code, what
 * catches errors, what may run long in one instruction (patterns, rep, insert, move), and what may
 * differ from run to run (pairs: the order of its keys; sort). */
static const struct {
	const char *library;
	lua_CFunction open;
	const char *const names[24];
} libraries[] = {
    {"_G", luaopen_base, {"assert", "error", "ipairs", "select", "tonumber", "tostring", "type"}},
    {"string",
     luaopen_string,
     {"byte", "char", "format", "len", "lower", "reverse", "sub", "upper"}},
    {"table", luaopen_table, {"concat", "unpack"}},
    {"math",
     luaopen_math,
     {"abs", "ceil", "cos", "exp", "floor", "fmod", "log", "max", "min", "random", "sin", "sqrt",
      "tointeger", "type", "pi", "huge", "maxinteger", "mininteger"}},
};

/* Copies the names that are allowed from the library at the top into the table below it. */
static void allow(lua_State *L, const char *const *names)
{
	for (; *names; names++) {
		lua_getfield(L, -1, *names);
		lua_setfield(L, -3, *names);
	}
}

static void seed_random(lua_State *L, uint64_t seed)
{
	lua_getfield(L, -1, "randomseed");
	lua_pushinteger(L, (lua_Integer)seed);
	lua_call(L, 1, 0);
}

/* "text":upper() finds its methods in the metatable of strings. */
static void confine_strings(lua_State *L, int strings)
{
	lua_pushliteral(L, "");
	lua_getmetatable(L, -1);
	lua_pushvalue(L, strings);
	lua_setfield(L, -2, "__index");
	lua_pop(L, 2);
}

/* Pushes a table of globals with nothing but what is allowed. */
static void push_sandbox(lua_State *L)
{
	int globals;

	lua_newtable(L);
	globals = lua_gettop(L);
	for (size_t i = 0; i < sizeof(libraries) / sizeof(libraries[0]); i++) {
		bool base = !i;

		base ? lua_pushvalue(L, globals) : lua_newtable(L);
		luaL_requiref(L, libraries[i].library, libraries[i].open, 0);
		allow(L, libraries[i].names);
		if (libraries[i].open == luaopen_math)
			seed_random(L, loader_of(L)->seed);
		lua_pop(L, 1);
		if (libraries[i].open == luaopen_string)
			confine_strings(L, lua_gettop(L));
		base ? lua_pop(L, 1) : lua_setfield(L, globals, libraries[i].library);
	}
	luaL_setfuncs(L, path_statements, 0);
	luaL_setfuncs(L, expect_statements, 0);
	path_boxes(L);
	lua_setfield(L, globals, "box");
}

/* Runs in protected mode: everything in it may raise an error. */
static int load(lua_State *L)
{
	struct loader *loader = loader_of(L);
	const char *chunk = lua_pushfstring(L, "@%s", loader->name);

	if (luaL_loadbufferx(L, (const char *)loader->text.at, loader->text.len, chunk, "t"))
		return lua_error(L);
	push_sandbox(L);
	lua_setupvalue(L, -2, 1); /* _ENV */
	lua_sethook(L, out_of_instructions, LUA_MASKCOUNT, INSTRUCTIONS_MAX);
	lua_call(L, 0, 0);
	if (!lab_complete(scenario_of(L)->lab))
		return luaL_error(
		    L, "%s: no target: expected client { … } first and target { … } last",
		    loader->name);
	return 0;
}

static int failed(lua_State *L, const struct loader *loader, int status, struct error *err)
{
	const char *text = lua_tostring(L, -1);
	int rc;

	if (status == LUA_ERRMEM)
		return error_set(err, ERR_USAGE,
				 "%s: the script takes too much memory: expected at most %u MiB",
				 loader->name, MEMORY_MAX >> 20);
	rc = error_set(err, ERR_USAGE, "%s", text ? text : "scenario: error without a message");
	for (char *at = err ? err->text : NULL; at && *at; at++)
		if ((unsigned char)*at < ' ') /* a script's own message: one line it stays */
			*at = ' ';
	return rc;
}

static int run(struct loader *loader, struct error *err)
{
	lua_State *L = lua_newstate(allocate, loader);
	int status, rc = 0;

	if (!L)
		return error_set(err, ERR_NOMEM, "%s: out of memory", loader->name);
	*(struct loader **)lua_getextraspace(L) = loader;
	lua_pushcfunction(L, load);
	status = lua_pcall(L, 0, 0, 0);
	if (status != LUA_OK)
		rc = failed(L, loader, status, err);
	lua_close(L);
	return rc;
}

int scenario_load_text(struct scenario *s, const char *name, struct span text, uint64_t seed,
		       struct error *err)
{
	struct loader loader = {.scenario = s, .name = name, .text = text, .seed = seed};
	int rc;

	*s = (struct scenario){.lab = lab_new(seed)};
	if (!s->lab)
		return error_set(err, ERR_NOMEM, "%s: out of memory", name);
	rc = run(&loader, err);
	if (rc)
		scenario_fini(s);
	return rc;
}

int scenario_load(struct scenario *s, const char *path, uint64_t seed, struct error *err)
{
	FILE *file = fopen(path, "re");
	struct buf text = {0};
	char part[4096];
	size_t len;
	int rc;

	if (!file)
		return error_set(err, ERR_FILE, "%s: %s", path, strerror(errno));
	while (text.len <= FILE_MAX && (len = fread(part, 1, sizeof(part), file)))
		buf_put(&text, part, len);
	if (ferror(file))
		rc = error_set(err, ERR_FILE, "%s: %s", path, strerror(errno));
	else if (text.failed || text.len > FILE_MAX)
		rc = error_set(err, ERR_FILE, "%s: expected a scenario of at most %d octets", path,
			       FILE_MAX);
	else
		rc = scenario_load_text(s, path, span_of(text.at, text.len), seed, err);
	fclose(file);
	buf_fini(&text);
	return rc;
}

void scenario_fini(struct scenario *s)
{
	lab_free(s->lab);
	*s = (struct scenario){0};
}
