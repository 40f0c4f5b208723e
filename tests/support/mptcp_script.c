#include "support/mptcp_script.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/script_player.h"

#define LINES_MAX 2000

/* The file: lines without blanks at either end; none is a comment. */
struct script_file {
	char text[256 * 1024];
	size_t len;
	char *line[LINES_MAX + 1];
	size_t count;
};

struct ip_addr script_addr(unsigned net, unsigned host)
{
	return ip_addr_v4((const uint8_t[]){10, 0, (uint8_t)net, (uint8_t)host});
}

bool script_wrong(struct script_player *p, const char *what, const char *more)
{
	fprintf(stderr, "script '%s': '%s'\n  at %lld ms: %s%s%s\n", p->name, p->line,
		(long long)((p->now_ns - NS_PER_S) / NS_PER_MS), what, more ? ": " : "",
		more ? more : "");
	p->failed = true;
	return false;
}

/* Appends the lines of one more file. */
static bool load(struct script_file *f, const char *path)
{
	size_t room = sizeof(f->text) - f->len - 1;
	FILE *file = fopen(path, "r");
	size_t len = file ? fread(f->text + f->len, 1, room, file) : 0;
	char *text = f->text + f->len;

	text[len] = '\0';
	f->len += len + 1;
	if (file)
		fclose(file);
	for (char *save, *l = strtok_r(text, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
		l += strspn(l, " \t");
		if (*l && *l != '#' && f->count < LINES_MAX)
			f->line[f->count++] = l;
	}
	return len && len < room && f->count < LINES_MAX;
}

/* And the blocks that are common to the files of a folder. */
static bool load_all(struct script_file *f, const char *path)
{
	const char *name = strrchr(path, '/');
	char common[512];

	snprintf(common, sizeof(common), "%.*s/common.blocks", name ? (int)(name - path) : 1,
		 name ? path : ".");
	return load(f, path) && load(f, common);
}

/* Settings that are an octet of the configuration. */
static const struct {
	const char *word;
	size_t at;
	uint8_t value;
} settings[] = {
    {"v0", offsetof(struct conn_config, version), 0},
    {"checksum", offsetof(struct conn_config, checksum), 1},
    {"refuse-checksum", offsetof(struct conn_config, refuse_checksum), 1},
    {"no-join-here", offsetof(struct conn_config, no_join_here), 1},
    {"dsn4", offsetof(struct conn_config, dsn_octets), 4},
};

static bool set(struct script_player *p, const char *word)
{
	struct conn_config *c = &p->config;

	for (size_t i = 0; i < sizeof(settings) / sizeof(*settings); i++)
		if (!strcmp(word, settings[i].word)) {
			*((uint8_t *)c + settings[i].at) = settings[i].value;
			return true;
		}
	if (!strncmp(word, "idsn=", 5)) {
		c->idsn = strtoull(word + 5, NULL, 0);
	} else if (!strncmp(word, "port=", 5)) {
		c->local[1].port = (uint16_t)atoi(word + 5);
	} else if (!strncmp(word, "scheduler=", 10)) {
		c->scheduler = word + 10;
	} else if (!strcmp(word, "cookies")) {
		p->cookies = true;
	} else if (!strcmp(word, "pm=fullmesh")) {
		c->pm = "fullmesh";
	} else if (!strcmp(word, "two-addresses")) {
		c->pm = "fullmesh";
		c->local_count = 2;
	} else {
		return script_wrong(p, "no such setting", word);
	}
	return true;
}

static void defaults(struct script_player *p)
{
	struct conn_config *c = &p->config;

	conn_config_defaults(c);
	c->pm = "none";
	c->tcp.timestamps = c->tcp.sack = false;
	c->local_count = 1;
	for (unsigned i = 0; i < 2; i++)
		c->local[i] = (struct pm_addr){
		    .addr = script_addr(0, i + 1), .id = (uint8_t)i, .prefix_len = 24};
	for (unsigned i = 0; i < SCRIPT_FLOWS; i++)
		p->flow[i] = (struct script_flow){.local = script_addr(0, 1),
						  .remote = script_addr(1, 1 + i),
						  .local_port = 80,
						  .remote_port = (uint16_t)(PEER_PORT + i)};
}

/* "client checksum two-addresses" */
static void begin(struct script_player *p, char *line)
{
	struct listener_config listen = {.port = 80};
	struct ip_addr to = script_addr(1, 1);
	char *save, *word = strtok_r(line, " ", &save);

	p->line = word;
	p->server = !strcmp(word, "server");
	if (!p->server && strcmp(word, "client") != 0)
		script_wrong(p, "expected client or server", NULL);
	while ((word = strtok_r(NULL, " ", &save)) && !p->failed)
		set(p, word);
	p->endpoint = endpoint_new(&(struct endpoint_config){.seed = 7}, NULL);
	listen.conn = p->config;
	listen.always_cookies = p->cookies;
	if (p->server)
		endpoint_listen(p->endpoint, &listen, NULL);
	else
		p->conn =
		    endpoint_connect(p->endpoint, &to, PEER_PORT, &p->config, p->now_ns, NULL);
}

static size_t play_from(struct script_player *p, const struct script_file *f, size_t i);

static void use(struct script_player *p, const struct script_file *f, const char *name)
{
	for (size_t i = 0; i < f->count; i++)
		if (!strncmp(f->line[i], "= ", 2) && !strcmp(f->line[i] + 2, name)) {
			play_from(p, f, i + 1);
			return;
		}
	script_wrong(p, "no such block", name);
}

/* To the end of the scenario or block. Where is that? */
static size_t play_from(struct script_player *p, const struct script_file *f, size_t i)
{
	for (; i < f->count && f->line[i][0] != '='; i++) {
		if (p->failed)
			continue;
		p->line = f->line[i];
		if (!strncmp(f->line[i], "use ", 4))
			use(p, f, f->line[i] + 4);
		else
			script_step(p, f->line[i]);
	}
	return i;
}

static size_t play_scenario(const struct script_file *f, size_t i, unsigned *failed)
{
	struct script_player p = {.name = f->line[i] + 3, .now_ns = NS_PER_S};

	defaults(&p);
	begin(&p, f->line[i + 1]);
	i = play_from(&p, f, i + 2);
	endpoint_free(p.endpoint);
	*failed += p.failed;
	return i;
}

unsigned script_play(const char *path, unsigned *played)
{
	struct script_file *f = calloc(1, sizeof(*f));
	unsigned failed = 0;

	*played = 0;
	if (!f || !load_all(f, path)) {
		fprintf(stderr, "%s: cannot be read, or is too long\n", path);
		failed = 1;
	}
	for (size_t i = 0; f && i + 1 < f->count;) {
		if (!strncmp(f->line[i], "== ", 3)) {
			i = play_scenario(f, i, &failed);
			++*played;
		} else {
			i++;
		}
	}
	free(f);
	return failed;
}
