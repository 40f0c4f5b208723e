#include "net/live_guard.h"

#include <cap-ng.h>
#include <linux/netlink.h>
#include <nftables/libnftables.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Processes in different containers may share the network and their process ID, but not ports. */
void live_guard_print(struct buf *out, long pid, const struct ip_addr *target,
		      const struct ip_addr *source, const uint16_t *ports, size_t port_count)
{
	char from[IP_ADDR_TEXT], to[IP_ADDR_TEXT], table[48];
	const char *ip = target->family == 4 ? "ip" : "ip6";

	snprintf(table, sizeof(table), "inet mboxtrace-%ld-%u", pid, ports[0]);
	buf_printf(out,
		   "create table %s { flags owner; }\n"
		   "add chain %s input { type filter hook input priority -10; policy accept; }\n"
		   "add rule %s input %s saddr %s %s daddr %s tcp dport { ",
		   table, table, table, ip, ip_addr_print(target, from), ip,
		   ip_addr_print(source, to));
	for (size_t i = 0; i < port_count; i++)
		buf_printf(out, "%s%u", i ? ", " : "", ports[i]);
	buf_printf(out, " } drop\n");
}

static void print_rule(struct buf *out, const char *table, const struct live_scope *scope,
		       uint8_t family)
{
	char text[IP_ADDR_TEXT];
	size_t printed = 0;

	for (size_t i = 0; i < scope->addr_count; i++) {
		if (scope->addr[i].family != family)
			continue;
		if (!printed++)
			buf_printf(out, "add rule %s input %s daddr { ", table,
				   family == 4 ? "ip" : "ip6");
		buf_printf(out, "%s%s", printed > 1 ? ", " : "",
			   ip_addr_print(&scope->addr[i], text));
	}
	if (!printed)
		return;
	buf_printf(out, " } tcp dport { ");
	for (size_t i = 0; i < scope->range_count; i++) {
		const struct live_range *r = &scope->range[i];

		buf_printf(out, "%s%u", i ? ", " : "", r->first);
		if (r->last != r->first)
			buf_printf(out, "-%u", r->last);
	}
	buf_printf(out, " } drop\n");
}

void live_guard_print_scope(struct buf *out, long pid, const struct live_scope *scope)
{
	char table[48];

	snprintf(table, sizeof(table), "inet mboxtrace-%ld-%u", pid, scope->range[0].first);
	buf_printf(out,
		   "create table %s { flags owner; }\n"
		   "add chain %s input { type filter hook input priority -10; policy accept; }\n",
		   table, table);
	print_rule(out, table, scope, 4);
	print_rule(out, table, scope, 6);
}

static int no_guard(const char *why, size_t len, struct error *err)
{
	return error_set(err, ERR_MISSING,
			 "no guard (nftables: %.*s): this kernel may answer the target with a RST "
			 "of its own; what is measured still holds",
			 (int)(len > 100 ? 100 : len), why);
}

/* nft explains itself over several lines; the first says what. */
static int explain(struct nft_ctx *nft, struct error *err)
{
	const char *why = nft_ctx_get_error_buffer(nft);
	size_t len = why ? strcspn(why, "\n") : 0;

	return len ? no_guard(why, len, err) : no_guard("failed", 6, err);
}

/* Where these two are missing libnftables writes to standard error, and may even exit. NULL, or
 * what is missing. */
static const char *missing(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);

	if (fd < 0)
		return "not in this kernel";
	close(fd);
	capng_get_caps_process();
	return capng_have_capability(CAPNG_EFFECTIVE, CAP_NET_ADMIN) ? NULL : "needs cap_net_admin";
}

static struct nft_ctx *quiet_nft(void)
{
	struct nft_ctx *nft = nft_ctx_new(NFT_CTX_DEFAULT);

	if (nft && (nft_ctx_buffer_output(nft) || nft_ctx_buffer_error(nft))) {
		nft_ctx_free(nft);
		return NULL;
	}
	return nft;
}

static int install(struct live_guard *guard, const char *rules, struct error *err)
{
	const char *lacks = missing();
	struct nft_ctx *nft;
	int failed;

	if (lacks)
		return no_guard(lacks, strlen(lacks), err);
	nft = quiet_nft();
	if (!nft)
		return error_set(err, ERR_NOMEM, "out of memory");
	if (!nft_run_cmd_from_buffer(nft, rules)) {
		guard->nft = nft;
		return 0;
	}
	failed = explain(nft, err);
	nft_ctx_free(nft);
	return failed;
}

static int install_and_free(struct live_guard *guard, struct buf *rules, struct error *err)
{
	int failed;

	*guard = (struct live_guard){0};
	if (rules->failed)
		failed = error_set(err, ERR_NOMEM, "out of memory");
	else
		failed = install(guard, buf_text(rules), err);
	buf_fini(rules);
	return failed;
}

int live_guard_open(struct live_guard *guard, const struct ip_addr *target,
		    const struct ip_addr *source, const uint16_t *ports, size_t port_count,
		    struct error *err)
{
	struct buf rules = {0};

	live_guard_print(&rules, (long)getpid(), target, source, ports, port_count);
	return install_and_free(guard, &rules, err);
}

int live_guard_open_scope(struct live_guard *guard, const struct live_scope *scope,
			  struct error *err)
{
	struct buf rules = {0};

	live_guard_print_scope(&rules, (long)getpid(), scope);
	return install_and_free(guard, &rules, err);
}

void live_guard_close(struct live_guard *guard)
{
	if (guard->nft)
		nft_ctx_free(guard->nft);
	*guard = (struct live_guard){0};
}
