/* The steps of a script. */
#include <stdio.h>
#include <string.h>

#include "support/script_player.h"

static void play_write(struct script_player *p, const char *text, int64_t now_ns)
{
	if (conn_write(p->conn, now_ns, span_of(text, strlen(text))) != (long)strlen(text))
		script_wrong(p, "not written", NULL);
}

static void play_read(struct script_player *p, const char *text, int64_t now_ns)
{
	struct span in = conn_peek(p->conn);
	char got[64];

	(void)now_ns;
	snprintf(got, sizeof(got), "%.*s", (int)in.len, in.len ? (const char *)in.at : "");
	if (in.len != strlen(text) || strcmp(got, text) != 0)
		script_wrong(p, "something else was read", got);
	else
		conn_consume(p->conn, in.len);
}

static void play_end(struct script_player *p, const char *text, int64_t now_ns)
{
	(void)text;
	(void)now_ns;
	if (!conn_read_ended(p->conn))
		script_wrong(p, "the stream has not ended", NULL);
}

static void play_shut(struct script_player *p, const char *text, int64_t now_ns)
{
	(void)text;
	conn_shutdown(p->conn, now_ns);
}

static void play_fastclose(struct script_player *p, const char *text, int64_t now_ns)
{
	(void)text;
	conn_fastclose(p->conn, now_ns);
}

static void play_backup(struct script_player *p, const char *text, int64_t now_ns)
{
	(void)text;
	conn_set_backup(p->conn, 0, true, now_ns);
}

static void play_remove(struct script_player *p, const char *text, int64_t now_ns)
{
	(void)text;
	conn_remove_local(p->conn, 1, now_ns);
}

static void play_outcome(struct script_player *p, const char *text, int64_t now_ns)
{
	const char *got = conn_outcome_name(conn_outcome(p->conn));

	(void)now_ns;
	if (strcmp(got, text) != 0)
		script_wrong(p, "outcome", got);
}

static void play_fallback(struct script_player *p, const char *text, int64_t now_ns)
{
	struct conn_info info;
	char got[128];

	(void)now_ns;
	conn_info(p->conn, &info);
	snprintf(got, sizeof(got), "%s %s", fallback_stage_name(info.fallback_stage),
		 fallback_reason_text(info.fallback_reason));
	if (strncmp(got, text, strlen(text)) != 0)
		script_wrong(p, "fallback", got);
}

static void play_swapped(struct script_player *p, const char *text, int64_t now_ns)
{
	struct conn_info info;

	(void)text;
	(void)now_ns;
	conn_info(p->conn, &info);
	if (!info.swapped_checksum)
		script_wrong(p, "swapped", "no");
}

static void play_closed(struct script_player *p, const char *text, int64_t now_ns)
{
	struct conn_info info;
	char got[16];

	(void)now_ns;
	conn_info(p->conn, &info);
	snprintf(got, sizeof(got), "%d", info.subflow[1].reset_reason);
	if (info.subflow_count < 2 || info.subflow[1].close != SUBFLOW_RST ||
	    strcmp(got, text) != 0)
		script_wrong(p, "closed", got);
}

/* What the second subflow's join was answered with; or whose checksum it was that ended it. */
static void play_answered(struct script_player *p, const char *text, int64_t now_ns)
{
	static const char *const names[] = {"well", "without", "copied", "foreign"};
	struct conn_info info;

	(void)now_ns;
	conn_info(p->conn, &info);
	if (info.subflow_count < 2 || strcmp(names[info.subflow[1].answer], text) != 0)
		script_wrong(p, "answered", names[info.subflow[1].answer]);
}

static void play_misfit(struct script_player *p, const char *text, int64_t now_ns)
{
	static const char *const names[] = {"none", "ours", "peers"};
	struct conn_info info;

	(void)now_ns;
	conn_info(p->conn, &info);
	if (info.subflow_count < 2 || strcmp(names[info.subflow[1].misfit], text) != 0)
		script_wrong(p, "misfit", names[info.subflow[1].misfit]);
}

static void play_towards(struct script_player *p, const char *text, int64_t now_ns)
{
	char got[IP_ADDR_TEXT];

	(void)now_ns;
	ip_addr_print(&p->flow[1].remote, got);
	if (strcmp(got, text) != 0)
		script_wrong(p, "it goes elsewhere", got);
}

static const struct {
	const char *name;
	void (*play)(struct script_player *p, const char *text, int64_t time_ns);
	bool sends; /* it lets time pass itself */
} verbs[] = {
    {"silent", script_silent, true},
    {"skip", script_skip, true},
    {"write", play_write, false},
    {"read", play_read, false},
    {"end", play_end, false},
    {"shut", play_shut, false},
    {"fastclose", play_fastclose, false},
    {"backup", play_backup, false},
    {"remove", play_remove, false},
    {"outcome", play_outcome, false},
    {"fallback", play_fallback, false},
    {"swapped", play_swapped, false},
    {"closed", play_closed, false},
    {"answered", play_answered, false},
    {"misfit", play_misfit, false},
    {"towards", play_towards, false},
};

/* Events are not looked at, but that they tell which connection was accepted. */
static void advance(struct script_player *p, int64_t now_ns)
{
	struct endpoint_event event;

	p->now_ns = now_ns > p->now_ns ? now_ns : p->now_ns;
	while (endpoint_event(p->endpoint, &event))
		if (event.kind == EVENT_ACCEPTED)
			p->conn = event.conn;
}

static void play_verb(struct script_player *p, const char *verb, const char *text, int64_t at_ns)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(*verbs); i++) {
		if (strcmp(verbs[i].name, verb) != 0)
			continue;
		advance(p, verbs[i].sends ? 0 : at_ns);
		if (p->conn || verbs[i].sends)
			verbs[i].play(p, text, at_ns);
		else
			script_wrong(p, "there is no connection", NULL);
		return;
	}
	script_wrong(p, "no such step", verb);
}

/* "10 > A 1 1", "10 read hello" */
void script_step(struct script_player *p, const char *line)
{
	unsigned ms, flow;
	char verb[16] = "";
	int64_t at_ns;
	int used = 0;

	p->line = line;
	if (sscanf(line, "%u %15s%n", &ms, verb, &used) < 2) {
		script_wrong(p, "not understood", NULL);
		return;
	}
	at_ns = NS_PER_S + (int64_t)ms * NS_PER_MS;
	line += used + (line[used] == ' ');
	flow = verb[1] == '2';
	if (*verb == '>') {
		script_out(p, line, flow, at_ns);
	} else if (*verb == '<') {
		advance(p, at_ns);
		script_in(p, line, flow);
	} else {
		play_verb(p, verb, line, at_ns);
	}
}
