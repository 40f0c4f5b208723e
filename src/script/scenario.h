/* A scenario: an emulated path described in Lua 5.4, and what must be found on it.
 *
 *   client { addr = "192.0.2.7", addr6 = "2001:db8::7" }
 *   link   { delay = "1ms", loss = 0.01 }
 *   router { addr = "198.51.100.1", quote = "full" }
 *   box.strip { subtype = "mp_capable", how = "nop" }
 *   router { addr = "198.51.100.2" }
 *   target { name = "example.net", addr = "203.0.113.80", mptcp = 1 }
 *   expect { verdict = "interference", findings = {
 *     { field = "tcp.options.mptcp.mp_capable", change = "blanked", after = 1, by = 2 } } }
 *
 * Statements run in order and lay the path from client to target:
 *   client  addr addr6
 *   path    client_addr client_addr6 target_addr target_addr6: begins another path, for packets
 *           between these (all, if none is named); one path needs no statement
 *   link    delay jitter ("1ms", "300us"), loss reorder duplicate (0 to 1), rate (bit/s, "10M"),
 *           queue queue_packets (octets, packets that may wait), down ({ { "2s", "5s" }, … })
 *   router  addr addr6 quote (8, 28, 128, "full", "rfc4884") silent rate burst (ICMP answers a
 *           second, and at once) prohibit (an unreachable code, or its name) labels
 *           ({ 16001, { label = 24003, tc = 1, ttl = 1 } }) ttl (of its errors)
 *   box.NAME  the box's parameters (box.h)
 *   shared(x)  once more, in this path too, what link, router or box gave: local x = link { … }
 *   target  name addr addr6 outside outside6 port mptcp (1, 0 or false) echo silent ttl
 *           and, with endpoint = true, a real endpoint: service ("echo", "discard", "send",
 *           "half-close", "mirror", "hang-up") octets seed (of what `send` sends) version checksum
 * refuse_checksum no_join_here pm scheduler cc add_addr (announces the target's addresses on other
 *           paths) backup (as backups) cookies trace_back (as serve --trace-back)
 *   probe   how the trace is asked for, where it matters: notation family port connect (true:
 *           as with --connect)
 *   expect  verdict, half_open (connections the target may be left with), findings (a list; each
 * with field and change, and as far as they matter direction after by basis cause confidence
 * impact subflow; after and by are TTLs, 0 the sender; by = false: nobody behind it spoke; cause =
 * false: none is named; subflow is 0 for the path of the trace, else that of the client's
 * so-manieth further address)
 *
 * The script has no files, no processes, no clock: only what a loop over routers needs (ipairs,
 * select, tostring, string.format and so on), seeded math.random, and bounds on memory and
 * instructions, so that hostile scripts end with an error and good ones repeat. */
#ifndef MBOXTRACE_SCRIPT_SCENARIO_H
#define MBOXTRACE_SCRIPT_SCENARIO_H

#include "lab/lab.h"
#include "probe/trace.h"

#define SCENARIO_FINDINGS_MAX 32

/* What an expectation leaves open. */
enum { SCENARIO_ANY = -1, SCENARIO_NOBODY = -2 };

struct scenario_finding {
	char field[FIELD_NAME_MAX];
	int change, direction, basis, cause, confidence, impact; /* of finding.h, or SCENARIO_ANY */
	int after, by; /* TTL, SCENARIO_ANY, or SCENARIO_NOBODY: null */
	int subflow;   /* whose path it is, or SCENARIO_ANY */
};

struct scenario_expect {
	bool given;
	int verdict;	   /* enum verdict, or SCENARIO_ANY */
	uint8_t half_open; /* how many the target may be left with: a RST may get lost */
	size_t finding_count;
	struct scenario_finding findings[SCENARIO_FINDINGS_MAX];
};

struct scenario {
	struct lab *lab;    /* owned; the path is complete */
	uint16_t port;	    /* to trace to: the target's, or as the scenario says */
	uint8_t family;	    /* 4 or 6 if the scenario says so, else 0 */
	char notation[512]; /* -P, or "" */
	bool connect;	    /* --connect */
	struct scenario_expect expect;
};

/* Loads a scenario from a file. 0; ERR_FILE; or ERR_USAGE with one line "FILE:LINE: what: what
 * was expected". On success the caller calls scenario_fini; on failure there is nothing to free.
 * `seed` is the lab's and of math.random. */
int scenario_load(struct scenario *s, const char *path, uint64_t seed, struct error *err);
/* Likewise from memory; `name` stands for FILE. */
int scenario_load_text(struct scenario *s, const char *name, struct span text, uint64_t seed,
		       struct error *err);
void scenario_fini(struct scenario *s);

/* Does the result say what the scenario expects, all of it and nothing else? If not, appends a
 * line per difference to `why`. A scenario that expects nothing agrees with everything. */
bool scenario_check(const struct scenario *s, const struct trace_result *result, struct buf *why);

#endif
