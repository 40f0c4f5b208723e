/* What is told of a connection. */
#include "mptcp/conn_state.h"

enum conn_state conn_state(const struct conn *c)
{
	return c->state;
}

enum conn_outcome conn_outcome(const struct conn *c)
{
	return c->outcome;
}

void *conn_user(const struct conn *c)
{
	return c->user;
}

void conn_set_user(struct conn *c, void *user)
{
	c->user = user;
}

size_t conn_memory(const struct conn *c)
{
	size_t sum = sizeof(*c) + c->tx.memory + c->tx.size * sizeof(*c->tx.at) + c->rx.size +
		     ranges_memory(&c->tx.again) + ranges_memory(&c->rx.early);

	for (unsigned i = 0; i < c->subflow_count; i++)
		sum += subflow_memory(c->subflow[i]);
	return sum;
}

static unsigned plain_syns(const struct subflow *sf)
{
	unsigned first = sf->conn->config.plain_after_syns;

	return sf->plain_syn && sf->tcp.stats.syns > first ? (unsigned)sf->tcp.stats.syns - first
							   : 0;
}

static void subflow_info(const struct subflow *sf, struct conn_subflow_info *out)
{
	*out = (struct conn_subflow_info){.id = sf->id,
					  .local = sf->tuple.local,
					  .remote = sf->tuple.remote,
					  .local_port = sf->tuple.local_port,
					  .remote_port = sf->tuple.remote_port,
					  .mss = sf->tcp.mss,
					  .state = sf->tcp.state,
					  .joined = !sf->initial,
					  .opened = sf->opened_told,
					  .backup = subflow_is_backup(sf),
					  .close = sf->close,
					  .reset_reason = sf->close_reason,
					  .answer = sf->answer,
					  .unreachable = sf->unreachable,
					  .misfit = sf->peer_failed  ? MISFIT_PEERS
						    : sf->reset_fail ? MISFIT_OURS
								     : MISFIT_NONE,
					  .stats = sf->tcp.stats,
					  .in_vain = sf->tcp.timeouts,
					  .plain_syns = plain_syns(sf),
					  .reinjected = sf->reinjected,
					  .srtt_ns = sf->tcp.srtt_ns};
	if (sf->stage == STAGE_DEAD)
		out->state = TCP_CLOSED;
}

void conn_info(const struct conn *c, struct conn_info *out)
{
	*out = (struct conn_info){.client = c->client,
				  .version = c->version,
				  .checksum = c->checksum,
				  .outcome = c->outcome,
				  .fallback_stage = c->fallback_stage,
				  .fallback_reason = c->fallback_reason,
				  .sent = c->tx.una - c->tx.first,
				  .received = c->rx.next - c->rx.first,
				  .stalled = c->stalled,
				  .options_seen = c->options_seen,
				  .checksum_failures = c->checksum_failures,
				  .local_key = c->local_key,
				  .remote_key = c->remote_key,
				  .local_token = c->local_token,
				  .remote_token = c->remote_token,
				  .subflow_count = c->subflow_count,
				  .memory = conn_memory(c)};
	for (unsigned i = 0; i < c->subflow_count; i++)
		subflow_info(c->subflow[i], &out->subflow[i]);
}
