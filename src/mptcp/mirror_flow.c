/* Which subflow a packet belongs to, and whether it opens one that joins. */
#include "mptcp/mirror.h"

#include "packet/mptcp_option.h"
#include "packet/packet.h"

struct mirror_flow mirror_flow_of(const struct packet *p, bool sent)
{
	struct mirror_flow f = {.local = p->ip.src,
				.remote = p->ip.dst,
				.local_port = p->tcp.src_port,
				.remote_port = p->tcp.dst_port};

	if (sent)
		return f;
	return (struct mirror_flow){.local = f.remote,
				    .remote = f.local,
				    .local_port = f.remote_port,
				    .remote_port = f.local_port};
}

bool mirror_flow_equal(const struct mirror_flow *a, const struct mirror_flow *b)
{
	return a->local_port == b->local_port && a->remote_port == b->remote_port &&
	       ip_addr_equal(&a->local, &b->local) && ip_addr_equal(&a->remote, &b->remote);
}

bool mirror_join_token(const struct packet *p, uint32_t *token)
{
	const struct tcp_option *o = tcp_option_find(&p->tcp.options, TCP_OPT_MPTCP, MPTCP_JOIN);
	struct mptcp_option join;

	if ((p->tcp.flags & (TCP_SYN | TCP_ACK)) != TCP_SYN || !o || mptcp_option_parse(&join, o) ||
	    join.join.len != 12)
		return false;
	*token = join.join.token;
	return true;
}
