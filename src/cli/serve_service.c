#include <string.h>

#include "cli/serve.h"

static bool pump_echo(const struct serve *s, struct serve_client *client, int64_t now_ns)
{
	struct span octets;

	(void)s;
	while ((octets = conn_peek(client->conn)).len) {
		long taken = conn_write(client->conn, now_ns, octets);

		if (taken <= 0)
			return false;
		conn_consume(client->conn, (size_t)taken);
	}
	return conn_read_ended(client->conn);
}

static bool pump_discard(const struct serve *s, struct serve_client *client, int64_t now_ns)
{
	struct span octets;

	(void)s;
	(void)now_ns;
	while ((octets = conn_peek(client->conn)).len)
		conn_consume(client->conn, octets.len);
	return conn_read_ended(client->conn);
}

static bool pump_send(const struct serve *s, struct serve_client *client, int64_t now_ns)
{
	pump_discard(s, client, now_ns);
	while (client->offset < s->file.len) {
		long taken = conn_write(client->conn, now_ns,
					span_cut(s->file, client->offset, s->file.len));

		if (taken <= 0)
			return false;
		client->offset += (size_t)taken;
	}
	return true;
}

static bool pump_mirror(const struct serve *s, struct serve_client *client, int64_t now_ns)
{
	return mirror_server_pump(&client->mirror, &s->log, client->conn, now_ns);
}

static const struct service services[] = {
    {"echo", pump_echo}, {"discard", pump_discard}, {"send", pump_send}, {"mirror", pump_mirror}};

const struct service *service_find(const char *name)
{
	for (size_t i = 0; i < sizeof(services) / sizeof(*services); i++)
		if (!strcmp(services[i].name, name))
			return &services[i];
	return NULL;
}
