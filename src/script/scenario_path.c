/* The statements that lay the path. */
#include <string.h>

#include "script/scenario_loader.h"

static int client_statement(lua_State *L)
{
	static const struct entry entries[] = {
	    {"addr", read_addr4, offsetof(struct lab_client, addr4), ADDR4, 0, 0, NULL},
	    {"addr6", read_addr6, offsetof(struct lab_client, addr6), ADDR6, 0, 0, NULL},
	    {0},
	};
	struct lab_client client = {0};
	struct error err;

	statement_read(L, "client", entries, &client);
	if (lab_add_client(scenario_of(L)->lab, &client, &err))
		return statement_error(L, &err);
	return 0;
}

int statement_element(lua_State *L)
{
	lua_pushinteger(L, (lua_Integer)lab_last(scenario_of(L)->lab));
	return 1;
}

static int path_statement(lua_State *L)
{
	static const struct entry entries[] = {
	    {"client_addr", read_addr4, offsetof(struct lab_path, client4), ADDR4, 0, 0, NULL},
	    {"client_addr6", read_addr6, offsetof(struct lab_path, client6), ADDR6, 0, 0, NULL},
	    {"target_addr", read_addr4, offsetof(struct lab_path, target4), ADDR4, 0, 0, NULL},
	    {"target_addr6", read_addr6, offsetof(struct lab_path, target6), ADDR6, 0, 0, NULL},
	    {0},
	};
	struct lab_path path = {0};
	struct error err;

	statement_read(L, "path", entries, &path);
	if (lab_add_path(scenario_of(L)->lab, &path, &err))
		return statement_error(L, &err);
	return 0;
}

static int shared_statement(lua_State *L)
{
	struct error err;
	int is_whole = 0;
	lua_Integer element = lua_tointegerx(L, 1, &is_whole);

	if (lua_gettop(L) != 1 || !is_whole || element < 0)
		return luaL_error(L, "shared: expected what a link, router or box gave: local l = "
				     "link { … } … shared(l)");
	if (lab_add_shared(scenario_of(L)->lab, (size_t)element, &err))
		return statement_error(L, &err);
	return 0;
}

#define TIME "a time up to an hour such as '300us', '1.5ms' or '2s'"

static void read_interval(lua_State *L, struct lab_interval *interval)
{
	int64_t *const times[] = {&interval->from_ns, &interval->to_ns};

	for (int i = 0; i < 2; i++) {
		lua_rawgeti(L, -1, i + 1);
		if (!read_duration(L, NULL, times[i]))
			value_error(L, "link: down", i ? "the end" : "the beginning", TIME);
		lua_pop(L, 1);
	}
}

static bool read_down(lua_State *L, const struct entry *e, void *at)
{
	struct lab_link *link = at;

	(void)e;
	if (!lua_istable(L, -1) || lua_rawlen(L, -1) > LAB_DOWN_MAX)
		return false;
	link->down_count = lua_rawlen(L, -1);
	for (size_t i = 0; i < link->down_count; i++) {
		lua_rawgeti(L, -1, (lua_Integer)i + 1);
		if (!lua_istable(L, -1))
			value_error(L, "link: down", "an interval", "a table: { '2s', '5s' }");
		read_interval(L, &link->down[i]);
		lua_pop(L, 1);
	}
	return true;
}

static int link_statement(lua_State *L)
{
#define CHANCE "a probability from 0 to 1"
	static const struct entry entries[] = {
	    {"delay", read_duration, offsetof(struct lab_link, delay_ns), TIME, 0, 0, NULL},
	    {"jitter", read_duration, offsetof(struct lab_link, jitter_ns), TIME, 0, 0, NULL},
	    {"loss", read_real, offsetof(struct lab_link, loss), CHANCE, 0, 1, NULL},
	    {"reorder", read_real, offsetof(struct lab_link, reorder), CHANCE, 0, 1, NULL},
	    {"duplicate", read_real, offsetof(struct lab_link, duplicate), CHANCE, 0, 1, NULL},
	    {"rate", read_bit_rate, offsetof(struct lab_link, rate_bps),
	     "bits a second from 1 to 1e12, such as 64000 or '10M'", 0, 0, NULL},
	    {"queue", read_u32, offsetof(struct lab_link, queue_octets),
	     "octets from 1 to 1000000000", 1, 1000000000, NULL},
	    {"queue_packets", read_u32, offsetof(struct lab_link, queue_packets),
	     "packets from 1 to 100000", 1, 100000, NULL},
	    {"down", read_down, 0, "up to eight intervals of virtual time: { { '2s', '5s' }, … }",
	     0, 0, NULL},
	    {0},
	};
	struct lab_link link = {0};
	struct error err;

	statement_read(L, "link", entries, &link);
	if (lab_add_link(scenario_of(L)->lab, &link, &err))
		return statement_error(L, &err);
	return statement_element(L);
}

static bool read_quote(lua_State *L, const struct entry *e, void *at)
{
	static const struct {
		const char *name;
		enum quote_policy policy;
	} quotes[] = {{"8", QUOTE_8},
		      {"28", QUOTE_28},
		      {"128", QUOTE_128},
		      {"full", QUOTE_FULL},
		      {"rfc4884", QUOTE_RFC4884}};
	const char *name;

	(void)e;
	if (!lua_isstring(L, -1)) /* numbers are, too */
		return false;
	lua_pushvalue(L, -1); /* lua_tostring would turn the table's own number into a string */
	name = lua_tostring(L, -1);
	lua_pop(L, 1);
	for (size_t i = 0; i < sizeof(quotes) / sizeof(quotes[0]); i++) {
		if (strcmp(quotes[i].name, name) != 0)
			continue;
		*(enum quote_policy *)at = quotes[i].policy;
		return true;
	}
	return false;
}

/* An ICMPv4 unreachable code by number or name. */
static bool read_code(lua_State *L, const struct entry *e, void *at)
{
	uint8_t code;

	if (read_u8(L, e, &code)) {
		*(int *)at = code;
		return true;
	}
	for (int i = 0; lua_type(L, -1) == LUA_TSTRING && i <= 15; i++) {
		const char *name = icmp_unreachable_name(4, (uint8_t)i);

		if (!name || strcmp(name, lua_tostring(L, -1)) != 0)
			continue;
		*(int *)at = i;
		return true;
	}
	return false;
}

static void read_label(lua_State *L, struct mpls_label *label)
{
	static const struct entry entries[] = {
	    {"label", read_u32, offsetof(struct mpls_label, label),
	     "a whole number from 0 to 1048575", 0, 0xfffff, NULL},
	    {"tc", read_u8, offsetof(struct mpls_label, tc), "a whole number from 0 to 7", 0, 7,
	     NULL},
	    {"ttl", read_u8, offsetof(struct mpls_label, ttl), "a whole number from 0 to 255", 0,
	     255, NULL},
	    {0},
	};

	*label = (struct mpls_label){.ttl = 1};
	if (lua_istable(L, -1))
		table_read(L, "router: label", entries, label);
	else if (!read_u32(L, &entries[0], &label->label))
		value_error(L, "router", "a label", entries[0].expected);
}

static bool read_labels(lua_State *L, const struct entry *e, void *at)
{
	struct lab_router *router = at;

	(void)e;
	if (!lua_istable(L, -1) || lua_rawlen(L, -1) > 4)
		return false;
	router->label_count = lua_rawlen(L, -1);
	for (size_t i = 0; i < router->label_count; i++) {
		lua_rawgeti(L, -1, (lua_Integer)i + 1);
		read_label(L, &router->labels[i]);
		router->labels[i].s = i + 1 == router->label_count;
		lua_pop(L, 1);
	}
	return true;
}

static const struct entry router_entries[] = {
    {"addr", read_addr4, offsetof(struct lab_router, addr4), ADDR4, 0, 0, NULL},
    {"addr6", read_addr6, offsetof(struct lab_router, addr6), ADDR6, 0, 0, NULL},
    {"quote", read_quote, offsetof(struct lab_router, quote), "8, 28, 128, 'full' or 'rfc4884'", 0,
     0, NULL},
    {"silent", read_bool, offsetof(struct lab_router, silent), "true or false", 0, 0, NULL},
    {"rate", read_real, offsetof(struct lab_router, icmp_rate),
     "ICMP answers a second, up to 1000000; 0: unlimited", 0, 1000000, NULL},
    {"burst", read_u32, offsetof(struct lab_router, icmp_burst), "a whole number from 1 to 1000000",
     1, 1000000, NULL},
    {"prohibit", read_code, offsetof(struct lab_router, prohibit),
     "an ICMP unreachable code from 0 to 15, or its name, such as 'admin-prohibited'", 0, 15, NULL},
    {"labels", read_labels, 0,
     "up to four MPLS labels: { 16001, { label = 24003, tc = 1, ttl = 1 } }", 0, 0, NULL},
    {"ttl", read_u8, offsetof(struct lab_router, icmp_ttl), "a whole number from 1 to 255", 1, 255,
     NULL},
    {0},
};

static int router_statement(lua_State *L)
{
	struct lab_router router = {.quote = QUOTE_FULL, .prohibit = -1};
	struct error err;

	statement_read(L, "router", router_entries, &router);
	if (router.label_count)
		router.quote = QUOTE_RFC4884;
	if (lab_add_router(scenario_of(L)->lab, &router, &err))
		return statement_error(L, &err);
	return statement_element(L);
}

const struct luaL_Reg path_statements[] = {
    {"client", client_statement},
    {"path", path_statement},
    {"shared", shared_statement},
    {"link", link_statement},
    {"router", router_statement},
    {"target", statement_target},
    {NULL, NULL},
};
