#include "support/cmocka_all.h"

#include <stdio.h>
#include <string.h>

#include "mptcp/pm.h"
#include "mptcp/pm_scope.h"
#include "support/seed.h"

#define SUBFLOWS_MAX 64

/* A connection that does what it is told, and writes it down:
 *
 *   "open 1-2", "open 1-2:8443 backup", "announce 3", "withdraw 3", "close 7", "backup 0" */
struct conn {
	struct pm_view view;
	struct pm_subflow subflow[SUBFLOWS_MAX];
	unsigned failed[256][256];
	bool opens_fail;
	char log[4096];
	unsigned actions;
};

static struct pm_addr addr_of(const char *text, uint8_t id)
{
	struct pm_addr a = {.id = id};

	assert_true(ip_addr_parse(&a.addr, text));
	return a;
}

static struct pm_addr *add_local(struct conn *c, const char *text)
{
	struct pm_addr *a = &c->view.local[c->view.local_count];

	*a = addr_of(text, (uint8_t)c->view.local_count++);
	return a;
}

static struct pm_addr *add_remote(struct conn *c, const char *text, uint8_t id)
{
	struct pm_addr *a = &c->view.remote[c->view.remote_count++];

	*a = addr_of(text, id);
	return a;
}

static struct pm_subflow *add_subflow(struct conn *c, const struct pm_addr *local,
				      const struct pm_addr *remote)
{
	struct pm_subflow *s = &c->subflow[c->view.subflow_count];

	*s = (struct pm_subflow){
	    .id = (uint8_t)c->view.subflow_count++,
	    .local_id = local->id,
	    .remote_id = remote->id,
	    .local = local->addr,
	    .remote = remote->addr,
	    .local_port = (uint16_t)(40000 + c->view.subflow_count),
	    .remote_port = remote->port ? remote->port : 443,
	    .alive = true,
	};
	return s;
}

static void conn_start(struct conn *c, bool client, const char *local, const char *remote)
{
	memset(c, 0, sizeof(*c));
	c->view = (struct pm_view){
	    .client = client,
	    .established = true,
	    .limits = {.subflows = 4, .add_addr_accepted = 8},
	    .subflow = c->subflow,
	    .ndiffports = 2,
	};
	add_local(c, local)->known = true;
	add_remote(c, remote, 0)->port = 443;
	add_subflow(c, c->view.local, c->view.remote)->initial = true;
}

static unsigned failed(const void *context, uint8_t local_id, uint8_t remote_id)
{
	return ((const struct conn *)context)->failed[local_id][remote_id];
}

static struct pm_addr *by_id(struct pm_addr *addr, size_t count, uint8_t id)
{
	for (size_t i = 0; i < count; i++)
		if (addr[i].id == id)
			return &addr[i];
	fail_msg("no address with id %u", id);
	return NULL;
}

static struct pm_subflow *by_number(struct conn *c, uint8_t id)
{
	assert_true(id < c->view.subflow_count);
	assert_true(c->subflow[id].alive);
	return &c->subflow[id];
}

static void note(struct conn *c, const char *what, unsigned id)
{
	size_t len = strlen(c->log);

	snprintf(c->log + len, sizeof(c->log) - len, "%s%s %u", len ? ", " : "", what, id);
}

static void note_open(struct conn *c, const struct pm_action *a)
{
	size_t len;

	note(c, "open", a->local_id);
	len = strlen(c->log);
	len += (size_t)snprintf(c->log + len, sizeof(c->log) - len, "-%u", a->remote_id);
	if (a->remote_port && a->remote_port != 443)
		len += (size_t)snprintf(c->log + len, sizeof(c->log) - len, ":%u", a->remote_port);
	if (a->backup)
		snprintf(c->log + len, sizeof(c->log) - len, " backup");
}

static void do_open(struct conn *c, const struct pm_action *a)
{
	struct pm_addr *local = by_id(c->view.local, c->view.local_count, a->local_id);

	note_open(c, a);
	assert_true(c->view.client && c->view.established);
	if (c->opens_fail) {
		c->failed[a->local_id][a->remote_id]++;
		return;
	}
	assert_true(c->view.subflow_count < SUBFLOWS_MAX);
	add_subflow(c, local, by_id(c->view.remote, c->view.remote_count, a->remote_id))->backup =
	    a->backup;
	local->known = true;
}

static void carry_out(struct conn *c, const struct pm_action *a)
{
	switch (a->kind) {
	case PM_NOTHING: break;
	case PM_OPEN: do_open(c, a); break;
	case PM_ANNOUNCE:
		note(c, "announce", a->local_id);
		by_id(c->view.local, c->view.local_count, a->local_id)->known = true;
		break;
	case PM_WITHDRAW:
		note(c, "withdraw", a->local_id);
		by_id(c->view.local, c->view.local_count, a->local_id)->known = false;
		break;
	case PM_CLOSE:
		note(c, "close", a->subflow);
		by_number(c, a->subflow)->alive = false;
		break;
	case PM_BACKUP:
		note(c, "backup", a->subflow);
		by_number(c, a->subflow)->backup = a->backup;
		break;
	}
}

/* Everything that it wishes, in order. */
static const char *wishes(struct conn *c, const char *pm)
{
	struct pm_action a;

	c->log[0] = '\0';
	for (c->actions = 0;; c->actions++) {
		a = pm_find(pm)->next(&c->view, failed, c);
		if (a.kind == PM_NOTHING)
			return c->log;
		if (c->actions == 1000)
			fail_msg("%s does not end: %s", pm, c->log);
		carry_out(c, &a);
	}
}

/* A client with two addresses, a server with two, one of them announced. */
static void start_two_by_two(struct conn *c)
{
	conn_start(c, true, "192.0.2.1", "198.51.100.1");
	add_local(c, "192.0.2.2");
	add_remote(c, "198.51.100.2", 3);
}

static void names(void **state)
{
	static const char *const name[] = {"fullmesh", "ndiffports", "backup", "single-path",
					   "none"};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(name) / sizeof(*name); i++) {
		assert_string_equal(pm_list()[i]->name, name[i]);
		assert_ptr_equal(pm_find(name[i]), pm_list()[i]);
	}
	assert_null(pm_list()[i]);
	assert_null(pm_find("userspace"));
}

static void what_each_opens(void **state)
{
	static const char *const row[][2] = {
	    {"fullmesh", "open 0-3, open 1-0, open 1-3"},
	    {"ndiffports", "open 0-0"},
	    {"backup", "open 0-3 backup, open 1-0 backup, open 1-3 backup"},
	    {"single-path", ""},
	    {"none", ""},
	};
	struct conn c;

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++) {
		start_two_by_two(&c);
		c.view.established = false;
		assert_string_equal(wishes(&c, row[i][0]), "");
		c.view.established = true;
		assert_string_equal(wishes(&c, row[i][0]), row[i][1]);
	}
}

static void servers_announce_and_do_not_open(void **state)
{
	static const char *const row[][2] = {
	    {"fullmesh", "announce 1, announce 2"},
	    {"ndiffports", ""},
	    {"backup", "announce 1, announce 2"},
	    {"single-path", "announce 1, announce 2"},
	    {"none", ""},
	};
	struct conn c;

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++) {
		conn_start(&c, false, "198.51.100.1", "192.0.2.1");
		add_local(&c, "198.51.100.2");
		add_local(&c, "2001:db8::2");
		assert_string_equal(wishes(&c, row[i][0]), row[i][1]);
		assert_string_equal(wishes(&c, row[i][0]), "");
	}
}

static void families_do_not_mix(void **state)
{
	struct conn c;

	(void)state;
	conn_start(&c, true, "192.0.2.1", "198.51.100.1");
	add_local(&c, "2001:db8::1");
	assert_string_equal(wishes(&c, "fullmesh"), "");
	add_remote(&c, "2001:db8:1::1", 9);
	assert_string_equal(wishes(&c, "fullmesh"), "open 1-9");
}

static void limits(void **state)
{
	struct conn c;

	(void)state;
	start_two_by_two(&c);
	c.view.limits.subflows = 2;
	assert_string_equal(wishes(&c, "fullmesh"), "open 0-3, open 1-0");
	c.subflow[1].alive = false;
	assert_string_equal(wishes(&c, "fullmesh"), "open 0-3");
	start_two_by_two(&c);
	c.view.limits.subflows = 0;
	assert_string_equal(wishes(&c, "fullmesh"), "");
	assert_string_equal(wishes(&c, "ndiffports"), "");
	start_two_by_two(&c);
	add_remote(&c, "198.51.100.3", 4);
	c.view.limits.add_addr_accepted = 1;
	assert_string_equal(wishes(&c, "fullmesh"), "open 0-3, open 1-0, open 1-3");
	start_two_by_two(&c);
	c.view.limits.add_addr_accepted = 0;
	assert_string_equal(wishes(&c, "fullmesh"), "open 1-0");
}

/* RFC 8041 §3.4, figure 3: two switches, a subnet each. */
static void same_subnet(void **state)
{
	struct conn c;

	(void)state;
	conn_start(&c, true, "10.0.1.1", "10.0.1.2");
	add_local(&c, "10.0.2.1");
	add_remote(&c, "10.0.2.2", 1);
	c.view.local[0].prefix_len = c.view.local[1].prefix_len = 24;
	c.view.limits.same_subnet = true;
	assert_string_equal(wishes(&c, "fullmesh"), "open 1-1");
}

/* RFC 8684 §3.1: no join to the initial address and port, by whatever id, but to another port. */
static void c_flag(void **state)
{
	struct conn c;

	(void)state;
	start_two_by_two(&c);
	c.view.remote_c_flag = true;
	add_remote(&c, "198.51.100.1", 4);
	add_remote(&c, "198.51.100.1", 5)->port = 443;
	add_remote(&c, "198.51.100.1", 6)->port = 8443;
	c.view.limits.subflows = 16;
	assert_string_equal(wishes(&c, "fullmesh"),
			    "open 0-3, open 0-6:8443, open 1-3, open 1-6:8443");
	assert_string_equal(wishes(&c, "ndiffports"), "");
	c.subflow[0].alive = false;
	assert_string_equal(wishes(&c, "fullmesh"), "");
}

/* RFC 8041 §3.5: a port of its own, and then only that. */
static void ports(void **state)
{
	struct conn c;

	(void)state;
	conn_start(&c, true, "192.0.2.1", "198.51.100.1");
	add_remote(&c, "198.51.100.1", 2)->port = 8443;
	add_remote(&c, "198.51.100.1", 3)->port = 443; /* the initial one, again */
	add_remote(&c, "198.51.100.1", 4);
	assert_string_equal(wishes(&c, "fullmesh"), "open 0-2:8443");
}

static void ndiffports(void **state)
{
	struct conn c;

	(void)state;
	conn_start(&c, true, "192.0.2.1", "198.51.100.1");
	c.view.ndiffports = 4;
	c.view.limits.subflows = 8;
	assert_string_equal(wishes(&c, "ndiffports"), "open 0-0, open 0-0, open 0-0");
	c.subflow[0].alive = c.subflow[2].alive = false;
	assert_string_equal(wishes(&c, "ndiffports"), "open 0-0, open 0-0");
	c.view.ndiffports = 8;
	c.opens_fail = true;
	assert_string_equal(wishes(&c, "ndiffports"), "open 0-0, open 0-0, open 0-0");
}

static void what_failed_is_left_alone(void **state)
{
	struct conn c;

	(void)state;
	start_two_by_two(&c);
	c.opens_fail = true;
	assert_string_equal(wishes(&c, "fullmesh"), "open 0-3, open 1-0, open 1-3, "
						    "open 0-3, open 1-0, open 1-3, "
						    "open 0-3, open 1-0, open 1-3");
	c.opens_fail = false;
	c.failed[1][0] = 2; /* forgiven, in part */
	assert_string_equal(wishes(&c, "fullmesh"), "open 1-0");
}

/* Break before make: the next pair opens when the last subflow is dead, the one that died last. */
static void single_path(void **state)
{
	struct conn c;

	(void)state;
	start_two_by_two(&c);
	c.subflow[0].alive = false;
	c.failed[0][0]++;
	assert_string_equal(wishes(&c, "single-path"), "open 0-3");
	c.subflow[1].alive = false;
	c.failed[0][3]++;
	assert_string_equal(wishes(&c, "single-path"), "open 1-0");
	c.subflow[2].alive = false;
	c.failed[1][0] += 3;
	c.failed[1][3]++;
	assert_string_equal(wishes(&c, "single-path"), "open 0-0");
}

/* The initial pair comes back as what it was; the others stay backups. */
static void backup(void **state)
{
	struct conn c;

	(void)state;
	start_two_by_two(&c);
	wishes(&c, "backup");
	c.subflow[0].alive = c.subflow[2].alive = false;
	c.view.limits.subflows = 8;
	assert_string_equal(wishes(&c, "backup"), "open 0-0, open 1-0 backup");
	/* an address may be a backup under fullmesh, too, even the first: MP_PRIO tells */
	start_two_by_two(&c);
	c.view.local[0].backup = true;
	assert_string_equal(wishes(&c, "fullmesh"),
			    "backup 0, open 0-3 backup, open 1-0, open 1-3");
}

static void addresses_that_go(void **state)
{
	struct conn c;

	(void)state;
	for (size_t i = 0; pm_list()[i]; i++) {
		start_two_by_two(&c);
		wishes(&c, "fullmesh");
		c.view.limits.subflows = 0;
		c.view.local[1].gone = true;
		assert_string_equal(wishes(&c, pm_list()[i]->name), "withdraw 1, close 2, close 3");
		c.view.remote[1].gone = true; /* REMOVE_ADDR 3 */
		assert_string_equal(wishes(&c, pm_list()[i]->name), "close 1");
		c.view.local[0].gone = true;
		assert_string_equal(wishes(&c, pm_list()[i]->name), "withdraw 0, close 0");
	}
	/* what nobody was told needs no withdrawal, and is not used */
	start_two_by_two(&c);
	c.view.local[1].gone = true;
	assert_string_equal(wishes(&c, "fullmesh"), "open 0-3");
}

static void scopes(void **state)
{
	static const struct {
		const char *addr;
		enum pm_scope scope;
	} row[] = {
	    {"0.0.0.0", SCOPE_NOBODY},
	    {"9.255.255.255", SCOPE_GLOBAL},
	    {"10.0.0.0", SCOPE_PRIVATE},
	    {"10.255.255.255", SCOPE_PRIVATE},
	    {"11.0.0.0", SCOPE_GLOBAL},
	    {"100.63.255.255", SCOPE_GLOBAL},
	    {"100.64.0.0", SCOPE_PRIVATE},
	    {"100.127.255.255", SCOPE_PRIVATE},
	    {"100.128.0.0", SCOPE_GLOBAL},
	    {"127.0.0.1", SCOPE_HOST},
	    {"127.255.255.255", SCOPE_HOST},
	    {"169.254.1.1", SCOPE_LINK},
	    {"172.15.255.255", SCOPE_GLOBAL},
	    {"172.16.0.0", SCOPE_PRIVATE},
	    {"172.31.255.255", SCOPE_PRIVATE},
	    {"172.32.0.0", SCOPE_GLOBAL},
	    {"192.168.0.1", SCOPE_PRIVATE},
	    {"192.169.0.1", SCOPE_GLOBAL},
	    {"223.255.255.255", SCOPE_GLOBAL},
	    {"224.0.0.1", SCOPE_NOBODY},
	    {"240.0.0.1", SCOPE_NOBODY},
	    {"255.255.255.255", SCOPE_NOBODY},
	    {"::", SCOPE_NOBODY},
	    {"::1", SCOPE_HOST},
	    {"::ffff:192.0.2.1", SCOPE_NOBODY},
	    {"2001:db8::1", SCOPE_GLOBAL},
	    {"fbff::1", SCOPE_GLOBAL},
	    {"fc00::1", SCOPE_PRIVATE},
	    {"fdff::1", SCOPE_PRIVATE},
	    {"fe80::1", SCOPE_LINK},
	    {"febf::1", SCOPE_LINK},
	    {"ff02::1", SCOPE_NOBODY},
	};
	struct ip_addr addr = {0};

	(void)state;
	assert_int_equal(pm_scope(&addr), SCOPE_NOBODY);
	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++) {
		assert_true(ip_addr_parse(&addr, row[i].addr));
		if (pm_scope(&addr) != row[i].scope)
			fail_msg("%s", row[i].addr);
	}
}

/* A global peer's private, loopback or multicast address is nobody's that we know. */
static void announced_nonsense(void **state)
{
	struct conn c;

	(void)state;
	conn_start(&c, true, "192.0.2.1", "198.51.100.1");
	add_remote(&c, "10.0.0.1", 1);
	add_remote(&c, "127.0.0.1", 2);
	add_remote(&c, "224.0.0.1", 3);
	add_remote(&c, "0.0.0.0", 4);
	assert_string_equal(wishes(&c, "fullmesh"), "");
	/* a private peer's may be private */
	conn_start(&c, true, "192.0.2.1", "10.1.0.1");
	add_remote(&c, "10.0.0.1", 1);
	add_remote(&c, "127.0.0.1", 2);
	add_remote(&c, "224.0.0.1", 3);
	assert_string_equal(wishes(&c, "fullmesh"), "open 0-1");
	/* on the loopback everything may be */
	conn_start(&c, true, "127.0.0.1", "127.0.0.1");
	add_remote(&c, "127.0.0.2", 1);
	assert_string_equal(wishes(&c, "fullmesh"), "open 0-1");
}

static void subnets(void **state)
{
	static const struct {
		const char *a, *b;
		unsigned same; /* the longest prefix that they share */
	} row[] = {
	    {"192.0.2.1", "192.0.2.1", 32},	 {"192.0.2.128", "192.0.2.1", 24},
	    {"192.0.2.1", "64.0.2.1", 0},	 {"2001:db8::1", "2001:db8::1", 128},
	    {"2001:db8::1", "2001:db8::2", 126}, {"2001:db8:8000::1", "2001:db8::1", 32},
	};
	struct ip_addr a, b;

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++) {
		ip_addr_parse(&a, row[i].a);
		ip_addr_parse(&b, row[i].b);
		assert_true(pm_same_subnet(&a, &b, row[i].same));
		if (row[i].same % 32)
			assert_false(pm_same_subnet(&a, &b, row[i].same + 1));
	}
	ip_addr_parse(&a, "192.0.2.1");
	assert_false(pm_same_subnet(&a, &b, 0));
}

static struct pm_addr any_addr(struct rng *r)
{
	static const char *const some[] = {"192.0.2.1", "192.0.2.2",   "198.51.100.1", "10.0.0.1",
					   "127.0.0.1", "2001:db8::1", "2001:db8::2",  "fe80::1",
					   "224.0.0.1", "0.0.0.0"};
	struct pm_addr a = addr_of(some[rng_below(r, 10)], (uint8_t)rng_below(r, 8));

	if (rng_below(r, 4) == 0)
		a.id = (uint8_t)rng_u32(r);
	a.port = rng_below(r, 2) ? (uint16_t)rng_below(r, 4) : 0;
	a.prefix_len = (uint8_t)rng_below(r, 140);
	a.backup = rng_below(r, 4) == 0;
	a.gone = rng_below(r, 8) == 0;
	a.known = rng_below(r, 2);
	return a;
}

static bool has_id(const struct pm_addr *addr, size_t count, uint8_t id)
{
	for (size_t i = 0; i < count; i++)
		if (addr[i].id == id)
			return true;
	return false;
}

static size_t any_addrs(struct rng *r, struct pm_addr *out)
{
	size_t count = 0, wanted = rng_below(r, PM_ADDRS_MAX + 1);

	for (size_t i = 0; i < wanted; i++) {
		struct pm_addr a = any_addr(r);

		if (!has_id(out, count, a.id))
			out[count++] = a;
	}
	return count;
}

static void any_conn(struct rng *r, struct conn *c)
{
	memset(c, 0, sizeof(*c));
	c->view = (struct pm_view){
	    .client = rng_below(r, 4) > 0,
	    .established = rng_below(r, 8) > 0,
	    .remote_c_flag = rng_below(r, 4) == 0,
	    .limits = {(uint8_t)rng_below(r, 12), (uint8_t)rng_below(r, 12), rng_below(r, 4) == 0},
	    .subflow = c->subflow,
	    .ndiffports = (uint8_t)rng_below(r, 12),
	};
	c->view.local_count = any_addrs(r, c->view.local);
	c->view.remote_count = any_addrs(r, c->view.remote);
	c->opens_fail = rng_below(r, 4) == 0;
	for (uint32_t n = rng_below(r, 8); n--;) {
		struct pm_addr a = any_addr(r), b = any_addr(r);

		*add_subflow(c, &a, &b) = (struct pm_subflow){
		    .id = (uint8_t)(c->view.subflow_count - 1),
		    .local_id = a.id,
		    .remote_id = b.id,
		    .alive = rng_below(r, 4) > 0,
		    .initial = n == 0,
		};
	}
}

static size_t further(const struct conn *c)
{
	size_t alive = 0;

	for (size_t i = 0; i < c->view.subflow_count; i++)
		alive += c->subflow[i].alive && !c->subflow[i].initial;
	return alive;
}

/* Whatever the view: it ends, soon, within the limits, and asking again yields nothing. */
static void it_ends(void **state)
{
	struct rng r = test_rng("pm");
	struct conn c;

	(void)state;
	for (int n = 0; n < 20000; n++) {
		const char *pm = pm_list()[n % 5]->name;
		size_t before;

		any_conn(&r, &c);
		before = further(&c);
		wishes(&c, pm);
		assert_true(further(&c) <=
			    (before > c.view.limits.subflows ? before : c.view.limits.subflows));
		assert_true(c.actions <=
			    2 * PM_ADDRS_MAX + SUBFLOWS_MAX + 3 * PM_ADDRS_MAX * PM_ADDRS_MAX);
		assert_string_equal(wishes(&c, pm), "");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(names),
	    cmocka_unit_test(what_each_opens),
	    cmocka_unit_test(servers_announce_and_do_not_open),
	    cmocka_unit_test(families_do_not_mix),
	    cmocka_unit_test(limits),
	    cmocka_unit_test(same_subnet),
	    cmocka_unit_test(c_flag),
	    cmocka_unit_test(ports),
	    cmocka_unit_test(ndiffports),
	    cmocka_unit_test(what_failed_is_left_alone),
	    cmocka_unit_test(single_path),
	    cmocka_unit_test(backup),
	    cmocka_unit_test(addresses_that_go),
	    cmocka_unit_test(scopes),
	    cmocka_unit_test(announced_nonsense),
	    cmocka_unit_test(subnets),
	    cmocka_unit_test(it_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
