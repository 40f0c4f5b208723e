#include "support/cmocka_all.h"

#include <string.h>

#include "support/pm_conn.h"
#include "support/seed.h"

/* A client with two addresses, a server with two, one of them announced. */
static void start_two_by_two(struct pm_conn *c)
{
	pm_conn_start(c, true, "192.0.2.1", "198.51.100.1");
	pm_conn_local(c, "192.0.2.2");
	pm_conn_remote(c, "198.51.100.2", 3);
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
	struct pm_conn c;

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++) {
		start_two_by_two(&c);
		c.view.established = false;
		assert_string_equal(pm_conn_wishes(&c, row[i][0]), "");
		c.view.established = true;
		assert_string_equal(pm_conn_wishes(&c, row[i][0]), row[i][1]);
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
	struct pm_conn c;

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++) {
		pm_conn_start(&c, false, "198.51.100.1", "192.0.2.1");
		pm_conn_local(&c, "198.51.100.2");
		pm_conn_local(&c, "2001:db8::2");
		assert_string_equal(pm_conn_wishes(&c, row[i][0]), row[i][1]);
		assert_string_equal(pm_conn_wishes(&c, row[i][0]), "");
	}
}

/* What is asked for is announced by either, and the client does not open from it. */
static void announcing_when_asked(void **state)
{
	static const char *const row[][2] = {
	    {"fullmesh", "announce 1, announce 3, open 2-0, open 3-0"},
	    {"ndiffports", "announce 1, announce 3, open 0-0"},
	    {"backup", "announce 1, announce 3, open 2-0 backup, open 3-0 backup"},
	    {"single-path", "announce 1, announce 3"},
	    {"none", ""},
	};
	struct pm_conn c;

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++) {
		pm_conn_start(&c, true, "192.0.2.1", "198.51.100.1");
		pm_conn_local(&c, "192.0.2.2")->use = PM_ANNOUNCED;
		pm_conn_local(&c, "192.0.2.3");
		pm_conn_local(&c, "192.0.2.4")->use = PM_ANNOUNCED | PM_OPENED_FROM;
		assert_string_equal(pm_conn_wishes(&c, row[i][0]), row[i][1]);
		c.view.limits.subflows = 0;
		c.view.local[1].gone = true;
		c.view.local[3].known = true; /* told, if only by joining */
		c.view.local[3].announced = false;
		assert_string_equal(pm_conn_wishes(&c, "fullmesh"),
				    i == 4 ? "announce 3" : "withdraw 1, announce 3");
	}
}

/* Only where it is told to, and only to what the client announced. */
static void servers_that_open(void **state)
{
	struct pm_conn c;

	(void)state;
	pm_conn_start(&c, false, "198.51.100.1", "192.0.2.1");
	pm_conn_local(&c, "198.51.100.2");
	pm_conn_remote(&c, "192.0.2.2", 7)->port = 9000;
	assert_string_equal(pm_conn_wishes(&c, "fullmesh"), "announce 1");
	c.view.limits.server_opens = true;
	assert_string_equal(pm_conn_wishes(&c, "ndiffports"), "");
	assert_string_equal(pm_conn_wishes(&c, "none"), "");
	assert_string_equal(pm_conn_wishes(&c, "single-path"), "");
	assert_string_equal(pm_conn_wishes(&c, "fullmesh"), "open 0-7:9000, open 1-7:9000");
}

/* §3.5: of what has no port of its own; the initial subflow stays where it is. */
static void join_port(void **state)
{
	struct pm_conn c;

	(void)state;
	start_two_by_two(&c);
	pm_conn_remote(&c, "198.51.100.3", 4)->port = 8443;
	c.view.join_port = 9000;
	c.view.limits.subflows = 8;
	assert_string_equal(pm_conn_wishes(&c, "fullmesh"),
			    "open 0-0:9000, open 0-3:9000, open 0-4:8443, open 1-0:9000, "
			    "open 1-3:9000, open 1-4:8443");
	start_two_by_two(&c);
	c.view.join_port = 9000;
	assert_string_equal(pm_conn_wishes(&c, "ndiffports"), "open 0-0:9000");
	c.view.remote_c_flag = true; /* forbids the initial port only */
	assert_string_equal(pm_conn_wishes(&c, "fullmesh"),
			    "open 0-3:9000, open 1-0:9000, open 1-3:9000");
}

static void families_do_not_mix(void **state)
{
	struct pm_conn c;

	(void)state;
	pm_conn_start(&c, true, "192.0.2.1", "198.51.100.1");
	pm_conn_local(&c, "2001:db8::1");
	assert_string_equal(pm_conn_wishes(&c, "fullmesh"), "");
	pm_conn_remote(&c, "2001:db8:1::1", 9);
	assert_string_equal(pm_conn_wishes(&c, "fullmesh"), "open 1-9");
}

static void limits(void **state)
{
	struct pm_conn c;

	(void)state;
	start_two_by_two(&c);
	c.view.limits.subflows = 2;
	assert_string_equal(pm_conn_wishes(&c, "fullmesh"), "open 0-3, open 1-0");
	c.subflow[1].alive = false;
	assert_string_equal(pm_conn_wishes(&c, "fullmesh"), "open 0-3");
	start_two_by_two(&c);
	c.view.limits.subflows = 0;
	assert_string_equal(pm_conn_wishes(&c, "fullmesh"), "");
	assert_string_equal(pm_conn_wishes(&c, "ndiffports"), "");
	start_two_by_two(&c);
	pm_conn_remote(&c, "198.51.100.3", 4);
	c.view.limits.add_addr_accepted = 1;
	assert_string_equal(pm_conn_wishes(&c, "fullmesh"), "open 0-3, open 1-0, open 1-3");
	start_two_by_two(&c);
	c.view.limits.add_addr_accepted = 0;
	assert_string_equal(pm_conn_wishes(&c, "fullmesh"), "open 1-0");
}

/* RFC 8041 §3.4, figure 3: two switches, a subnet each. */
static void same_subnet(void **state)
{
	struct pm_conn c;

	(void)state;
	pm_conn_start(&c, true, "10.0.1.1", "10.0.1.2");
	pm_conn_local(&c, "10.0.2.1");
	pm_conn_remote(&c, "10.0.2.2", 1);
	c.view.local[0].prefix_len = c.view.local[1].prefix_len = 24;
	c.view.limits.same_subnet = true;
	assert_string_equal(pm_conn_wishes(&c, "fullmesh"), "open 1-1");
}

/* RFC 8684 §3.1: no join to the initial address and port, by whatever id, but to another port. */
static void c_flag(void **state)
{
	struct pm_conn c;

	(void)state;
	start_two_by_two(&c);
	c.view.remote_c_flag = true;
	pm_conn_remote(&c, "198.51.100.1", 4);
	pm_conn_remote(&c, "198.51.100.1", 5)->port = 443;
	pm_conn_remote(&c, "198.51.100.1", 6)->port = 8443;
	c.view.limits.subflows = 16;
	assert_string_equal(pm_conn_wishes(&c, "fullmesh"),
			    "open 0-3, open 0-6:8443, open 1-3, open 1-6:8443");
	assert_string_equal(pm_conn_wishes(&c, "ndiffports"), "");
	c.subflow[0].alive = false;
	assert_string_equal(pm_conn_wishes(&c, "fullmesh"), "");
}

/* RFC 8041 §3.5: a port of its own, and then only that. */
static void ports(void **state)
{
	struct pm_conn c;

	(void)state;
	pm_conn_start(&c, true, "192.0.2.1", "198.51.100.1");
	pm_conn_remote(&c, "198.51.100.1", 2)->port = 8443;
	pm_conn_remote(&c, "198.51.100.1", 3)->port = 443; /* the initial one, again */
	pm_conn_remote(&c, "198.51.100.1", 4);
	assert_string_equal(pm_conn_wishes(&c, "fullmesh"), "open 0-2:8443");
}

static void ndiffports(void **state)
{
	struct pm_conn c;

	(void)state;
	pm_conn_start(&c, true, "192.0.2.1", "198.51.100.1");
	c.view.ndiffports = 4;
	c.view.limits.subflows = 8;
	assert_string_equal(pm_conn_wishes(&c, "ndiffports"), "open 0-0, open 0-0, open 0-0");
	c.subflow[0].alive = c.subflow[2].alive = false;
	assert_string_equal(pm_conn_wishes(&c, "ndiffports"), "open 0-0, open 0-0");
	c.view.ndiffports = 8;
	c.opens_fail = true;
	assert_string_equal(pm_conn_wishes(&c, "ndiffports"), "open 0-0, open 0-0, open 0-0");
}

static void what_failed_is_left_alone(void **state)
{
	struct pm_conn c;

	(void)state;
	start_two_by_two(&c);
	c.opens_fail = true;
	assert_string_equal(pm_conn_wishes(&c, "fullmesh"), "open 0-3, open 1-0, open 1-3, "
							    "open 0-3, open 1-0, open 1-3, "
							    "open 0-3, open 1-0, open 1-3");
	c.opens_fail = false;
	c.failed[1][0] = 2; /* forgiven, in part */
	assert_string_equal(pm_conn_wishes(&c, "fullmesh"), "open 1-0");
}

/* Break before make: the next pair opens when the last subflow is dead, the one that died last. */
static void single_path(void **state)
{
	struct pm_conn c;

	(void)state;
	start_two_by_two(&c);
	c.subflow[0].alive = false;
	c.failed[0][0]++;
	assert_string_equal(pm_conn_wishes(&c, "single-path"), "open 0-3");
	c.subflow[1].alive = false;
	c.failed[0][3]++;
	assert_string_equal(pm_conn_wishes(&c, "single-path"), "open 1-0");
	c.subflow[2].alive = false;
	c.failed[1][0] += 3;
	c.failed[1][3]++;
	assert_string_equal(pm_conn_wishes(&c, "single-path"), "open 0-0");
}

/* What was opened in place of one that hangs is used alone, or not at all. */
static void single_path_is_single(void **state)
{
	struct pm_conn c;

	(void)state;
	start_two_by_two(&c);
	pm_conn_subflow(&c, &c.view.local[1], &c.view.remote[0])->ours = true;
	c.subflow[0].ours = true;
	assert_string_equal(pm_conn_wishes(&c, "single-path"), ""); /* the second is being opened */
	c.subflow[1].up = true;
	assert_string_equal(pm_conn_wishes(&c, "fullmesh"), "open 0-3, open 1-3");
	c.view.subflow_count = 2;
	assert_string_equal(pm_conn_wishes(&c, "single-path"), "close 0");
	c.subflow[0].alive = true;
	c.subflow[0].up = true; /* it is back, and the second */
	c.subflow[1].up = false;
	assert_string_equal(pm_conn_wishes(&c, "single-path"), "close 1");
	c.subflow[1].alive = true;
	c.subflow[1].up = true; /* both: the path that was down may be again */
	assert_string_equal(pm_conn_wishes(&c, "single-path"), "close 0");
	c.subflow[0].alive = true;
	c.subflow[0].ours = false; /* the peer's is its own business */
	assert_string_equal(pm_conn_wishes(&c, "single-path"), "");
}

/* The initial pair comes back as what it was; the others stay backups. */
static void backup(void **state)
{
	struct pm_conn c;

	(void)state;
	start_two_by_two(&c);
	pm_conn_wishes(&c, "backup");
	c.subflow[0].alive = c.subflow[2].alive = false;
	c.view.limits.subflows = 8;
	assert_string_equal(pm_conn_wishes(&c, "backup"), "open 0-0, open 1-0 backup");
	/* an address may be a backup under fullmesh, too, even the first: MP_PRIO tells */
	start_two_by_two(&c);
	c.view.local[0].backup = true;
	assert_string_equal(pm_conn_wishes(&c, "fullmesh"),
			    "backup 0, open 0-3 backup, open 1-0, open 1-3");
}

static void addresses_that_go(void **state)
{
	struct pm_conn c;

	(void)state;
	for (size_t i = 0; pm_list()[i]; i++) {
		start_two_by_two(&c);
		pm_conn_wishes(&c, "fullmesh");
		c.view.limits.subflows = 0;
		c.view.local[1].gone = true;
		assert_string_equal(pm_conn_wishes(&c, pm_list()[i]->name),
				    "withdraw 1, close 2, close 3");
		c.view.remote[1].gone = true; /* REMOVE_ADDR 3: the connection sees to that */
		assert_string_equal(pm_conn_wishes(&c, pm_list()[i]->name), "");
		c.view.local[0].gone = true;
		assert_string_equal(pm_conn_wishes(&c, pm_list()[i]->name),
				    "withdraw 0, close 0, close 1");
	}
	/* no subflow is left to say it on; the next one can */
	start_two_by_two(&c);
	c.view.limits.subflows = 0;
	c.view.local[1].gone = c.view.local[1].known = true;
	c.subflow[0].alive = false;
	assert_string_equal(pm_conn_wishes(&c, "fullmesh"), "");
	c.subflow[0].alive = true;
	assert_string_equal(pm_conn_wishes(&c, "fullmesh"), "withdraw 1");
	/* what nobody was told needs no withdrawal, and is not used */
	start_two_by_two(&c);
	c.view.local[1].gone = true;
	assert_string_equal(pm_conn_wishes(&c, "fullmesh"), "open 0-3");
}

/* A global peer's private, loopback or multicast address is nobody's that we know. */
static void announced_nonsense(void **state)
{
	struct pm_conn c;

	(void)state;
	pm_conn_start(&c, true, "192.0.2.1", "198.51.100.1");
	pm_conn_remote(&c, "10.0.0.1", 1);
	pm_conn_remote(&c, "127.0.0.1", 2);
	pm_conn_remote(&c, "224.0.0.1", 3);
	pm_conn_remote(&c, "0.0.0.0", 4);
	assert_string_equal(pm_conn_wishes(&c, "fullmesh"), "");
	/* a private peer's may be private */
	pm_conn_start(&c, true, "192.0.2.1", "10.1.0.1");
	pm_conn_remote(&c, "10.0.0.1", 1);
	pm_conn_remote(&c, "127.0.0.1", 2);
	pm_conn_remote(&c, "224.0.0.1", 3);
	assert_string_equal(pm_conn_wishes(&c, "fullmesh"), "open 0-1");
	/* on the loopback everything may be */
	pm_conn_start(&c, true, "127.0.0.1", "127.0.0.1");
	pm_conn_remote(&c, "127.0.0.2", 1);
	assert_string_equal(pm_conn_wishes(&c, "fullmesh"), "open 0-1");
}

static struct pm_addr any_addr(struct rng *r)
{
	static const char *const some[] = {"192.0.2.1", "192.0.2.2",   "198.51.100.1", "10.0.0.1",
					   "127.0.0.1", "2001:db8::1", "2001:db8::2",  "fe80::1",
					   "224.0.0.1", "0.0.0.0"};
	struct pm_addr a = pm_conn_addr(some[rng_below(r, 10)], (uint8_t)rng_below(r, 8));

	if (rng_below(r, 4) == 0)
		a.id = (uint8_t)rng_u32(r);
	a.port = rng_below(r, 2) ? (uint16_t)rng_below(r, 4) : 0;
	a.prefix_len = (uint8_t)rng_below(r, 140);
	a.backup = rng_below(r, 4) == 0;
	a.gone = rng_below(r, 8) == 0;
	a.known = rng_below(r, 2);
	a.announced = a.known && rng_below(r, 2);
	a.use = (uint8_t)rng_below(r, 4);
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

static void any_conn(struct rng *r, struct pm_conn *c)
{
	memset(c, 0, sizeof(*c));
	c->view = (struct pm_view){
	    .client = rng_below(r, 4) > 0,
	    .established = rng_below(r, 8) > 0,
	    .remote_c_flag = rng_below(r, 4) == 0,
	    .limits = {(uint8_t)rng_below(r, 12), (uint8_t)rng_below(r, 12), rng_below(r, 4) == 0,
		       rng_below(r, 2)},
	    .join_port = rng_below(r, 4) ? 0 : (uint16_t)rng_below(r, 4),
	    .subflow = c->subflow,
	    .ndiffports = (uint8_t)rng_below(r, 12),
	};
	c->view.local_count = any_addrs(r, c->view.local);
	c->view.remote_count = any_addrs(r, c->view.remote);
	c->opens_fail = rng_below(r, 4) == 0;
	for (uint32_t n = rng_below(r, 8); n--;) {
		struct pm_addr a = any_addr(r), b = any_addr(r);

		*pm_conn_subflow(c, &a, &b) = (struct pm_subflow){
		    .id = (uint8_t)(c->view.subflow_count - 1),
		    .local_id = a.id,
		    .remote_id = b.id,
		    .alive = rng_below(r, 4) > 0,
		    .initial = n == 0,
		};
	}
}

static size_t further(const struct pm_conn *c)
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
	struct pm_conn c;

	(void)state;
	for (int n = 0; n < 20000; n++) {
		const char *pm = pm_list()[n % 5]->name;
		size_t before;

		any_conn(&r, &c);
		before = further(&c);
		pm_conn_wishes(&c, pm);
		assert_true(further(&c) <=
			    (before > c.view.limits.subflows ? before : c.view.limits.subflows));
		assert_true(c.actions <= 2 * PM_ADDRS_MAX + PM_CONN_SUBFLOWS_MAX +
					     3 * PM_ADDRS_MAX * PM_ADDRS_MAX);
		assert_string_equal(pm_conn_wishes(&c, pm), "");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(names),
	    cmocka_unit_test(what_each_opens),
	    cmocka_unit_test(servers_announce_and_do_not_open),
	    cmocka_unit_test(announcing_when_asked),
	    cmocka_unit_test(servers_that_open),
	    cmocka_unit_test(join_port),
	    cmocka_unit_test(families_do_not_mix),
	    cmocka_unit_test(limits),
	    cmocka_unit_test(same_subnet),
	    cmocka_unit_test(c_flag),
	    cmocka_unit_test(ports),
	    cmocka_unit_test(ndiffports),
	    cmocka_unit_test(what_failed_is_left_alone),
	    cmocka_unit_test(single_path),
	    cmocka_unit_test(single_path_is_single),
	    cmocka_unit_test(backup),
	    cmocka_unit_test(addresses_that_go),
	    cmocka_unit_test(announced_nonsense),
	    cmocka_unit_test(it_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
