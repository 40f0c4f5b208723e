#include "net/live_guard.h"

#include <nftables/libnftables.h>
#include <string.h>
#include <unistd.h>

void live_guard_print(struct buf *out, long pid, const struct ip_addr *target,
		      const struct ip_addr *source, const uint16_t *ports, size_t port_count)
{
	char from[IP_ADDR_TEXT], to[IP_ADDR_TEXT];
	const char *ip = target->family == 4 ? "ip" : "ip6";

	buf_printf(out,
		   "create table inet mboxtrace-%ld { flags owner; }\n"
		   "add chain inet mboxtrace-%ld input "
		   "{ type filter hook input priority -10; policy accept; }\n"
		   "add rule inet mboxtrace-%ld input %s saddr %s %s daddr %s tcp dport { ",
		   pid, pid, pid, ip, ip_addr_print(target, from), ip, ip_addr_print(source, to));
	for (size_t i = 0; i < port_count; i++)
		buf_printf(out, "%s%u", i ? ", " : "", ports[i]);
	buf_printf(out, " } drop\n");
}

/* nft explains itself over several lines; the first says what. */
static int explain(struct nft_ctx *nft, struct error *err)
{
	const char *why = nft ? nft_ctx_get_error_buffer(nft) : NULL;
	size_t len = why ? strcspn(why, "\n") : 0;

	return error_set(err, ERR_MISSING,
			 "no guard (nftables: %.*s): this kernel may answer the target with a RST "
			 "of its own; what is measured still holds",
			 len ? (int)(len > 100 ? 100 : len) : 13, len ? why : "not available");
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

int live_guard_open(struct live_guard *guard, const struct ip_addr *target,
		    const struct ip_addr *source, const uint16_t *ports, size_t port_count,
		    struct error *err)
{
	struct buf rules = {0};
	struct nft_ctx *nft;
	int failed = 0;

	*guard = (struct live_guard){0};
	live_guard_print(&rules, (long)getpid(), target, source, ports, port_count);
	nft = quiet_nft();
	if (rules.failed)
		failed = error_set(err, ERR_NOMEM, "out of memory");
	else if (!nft || nft_run_cmd_from_buffer(nft, buf_text(&rules)))
		failed = explain(nft, err);
	buf_fini(&rules);
	if (!failed)
		guard->nft = nft;
	else if (nft)
		nft_ctx_free(nft);
	return failed;
}

void live_guard_close(struct live_guard *guard)
{
	if (guard->nft)
		nft_ctx_free(guard->nft);
	*guard = (struct live_guard){0};
}
