/* The statement that ends the path. */
#include <string.h>

#include "lab/lab_app.h"
#include "script/scenario_loader.h"

static bool read_mptcp(lua_State *L, const struct entry *e, void *at)
{
	uint8_t version;

	if (lua_isboolean(L, -1) && !lua_toboolean(L, -1)) {
		*(enum lab_mptcp *)at = LAB_MPTCP_NONE;
		return true;
	}
	if (!read_u8(L, e, &version))
		return false;
	*(enum lab_mptcp *)at = version ? LAB_MPTCP_V1 : LAB_MPTCP_V0;
	return true;
}

static const char *pm_at(int i)
{
	const struct pm_ops *ops = pm_list()[i];

	return ops ? ops->name : NULL;
}

static const char *scheduler_at(int i)
{
	const struct sched_ops *ops = sched_list()[i];

	return ops ? ops->name : NULL;
}

static const char *cc_at(int i)
{
	const struct cc_ops *ops = cc_list()[i];

	return ops ? ops->name : NULL;
}

/* A strategy: the name itself, as its list has it. */
static bool read_strategy(lua_State *L, const struct entry *e, void *at)
{
	int i;

	if (!read_name(L, e, &i))
		return false;
	*(const char **)at = e->name(i);
	return true;
}

/* An MPTCP version, or false for plain TCP. */
static bool read_version(lua_State *L, const struct entry *e, void *at)
{
	if (lua_isboolean(L, -1) && !lua_toboolean(L, -1)) {
		*(uint8_t *)at = 255;
		return true;
	}
	return read_u8(L, e, at);
}

#define SERVE(member) offsetof(struct lab_target, serve.member)

static const struct entry target_entries[] = {
    {"name", read_text, offsetof(struct lab_target, name), "a printable name of up to 63 octets", 0,
     sizeof(((struct lab_target *)0)->name), NULL},
    {"addr", read_addr4, offsetof(struct lab_target, addr4), ADDR4, 0, 0, NULL},
    {"addr6", read_addr6, offsetof(struct lab_target, addr6), ADDR6, 0, 0, NULL},
    {"outside", read_addr4, offsetof(struct lab_target, outside4), ADDR4, 0, 0, NULL},
    {"outside6", read_addr6, offsetof(struct lab_target, outside6), ADDR6, 0, 0, NULL},
    {"port", read_u16, offsetof(struct lab_target, port), "a port from 0 (all) to 65535", 0,
     UINT16_MAX, NULL},
    {"mptcp", read_mptcp, offsetof(struct lab_target, mptcp), "1, 0 or false", 0, 1, NULL},
    {"echo", read_bool, offsetof(struct lab_target, echo), "true or false", 0, 0, NULL},
    {"problems", read_bool, offsetof(struct lab_target, problems), "true or false", 0, 0, NULL},
    {"silent", read_bool, offsetof(struct lab_target, silent), "true or false", 0, 0, NULL},
    {"ttl", read_u8, offsetof(struct lab_target, ttl), "a whole number from 1 to 255", 1, 255,
     NULL},
    {"endpoint", read_bool, SERVE(endpoint), "true or false", 0, 0, NULL},
    {"service", read_name, SERVE(service),
     "'echo', 'discard', 'send', 'half-close', 'mirror' or 'hang-up'", 0, 0, lab_app_name},
    {"octets", read_u64, SERVE(octets), "octets from 0 to 1e12", 0, 1000000000000, NULL},
    {"seed", read_u64, SERVE(out_seed), "a whole number that is not negative", 0, INT64_MAX, NULL},
    {"version", read_version, SERVE(conn.version), "1, 0 or false", 0, 1, NULL},
    {"checksum", read_bool, SERVE(conn.checksum), "true or false", 0, 0, NULL},
    {"refuse_checksum", read_bool, SERVE(conn.refuse_checksum), "true or false", 0, 0, NULL},
    {"no_join_here", read_bool, SERVE(conn.no_join_here), "true or false", 0, 0, NULL},
    {"pm", read_strategy, SERVE(conn.pm), "the name of a path manager", 0, 0, pm_at},
    {"scheduler", read_strategy, SERVE(conn.scheduler), "the name of a scheduler", 0, 0,
     scheduler_at},
    {"cc", read_strategy, SERVE(conn.cc), "the name of a congestion control", 0, 0, cc_at},
    {"add_addr", read_bool, SERVE(add_addr), "true or false", 0, 0, NULL},
    {"backup", read_bool, SERVE(backup), "true or false", 0, 0, NULL},
    {"cookies", read_bool, SERVE(cookies), "true or false", 0, 0, NULL},
    {"trace_back", read_bool, SERVE(walk_back), "true or false", 0, 0, NULL},
    {0},
};

int statement_target(lua_State *L)
{
	struct lab_target target = {.port = 443, .echo = true, .problems = true};
	struct scenario *s = scenario_of(L);
	struct error err;

	conn_config_defaults(&target.serve.conn);
	statement_read(L, "target", target_entries, &target);
	if (!target.name[0])
		ip_addr_print(target.addr4.family ? &target.addr4 : &target.addr6, target.name);
	if (lab_add_target(s->lab, &target, &err))
		return statement_error(L, &err);
	if (!s->port)
		s->port = target.port ? target.port : 443;
	return 0;
}
