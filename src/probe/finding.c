#include "probe/finding.h"

#include <string.h>

static const char *const direction_names[] = {
    [DIRECTION_FORWARD] = "forward",
    [DIRECTION_REVERSE] = "reverse",
    [DIRECTION_BOTH] = "both",
    [DIRECTION_END_TO_END] = "end-to-end",
};

static const char *const basis_names[] = {
    [BASIS_QUOTE] = "quote",	 [BASIS_CHECKSUM] = "checksum", [BASIS_REPLY] = "reply",
    [BASIS_CONTROL] = "control", [BASIS_ENDPOINT] = "endpoint", [BASIS_CAPTURE] = "capture",
};

static const char *const cause_names[] = {
    [CAUSE_NONE] = NULL,
    [CAUSE_NAT] = "nat",
    [CAUSE_SEQ_RANDOMIZER] = "seq-randomizer",
    [CAUSE_OPTION_STRIPPER] = "option-stripper",
    [CAUSE_MSS_CLAMP] = "mss-clamp",
    [CAUSE_ECN_BLEACH] = "ecn-bleach",
    [CAUSE_DSCP_REMARK] = "dscp-remark",
    [CAUSE_SPLIT_PROXY] = "split-proxy",
    [CAUSE_SYN_PROXY] = "syn-proxy",
    [CAUSE_ALG] = "alg",
    [CAUSE_MIRROR] = "mirror",
    [CAUSE_BLACKHOLE] = "blackhole",
    [CAUSE_RESETTER] = "resetter",
    [CAUSE_LOAD_BALANCER] = "load-balancer",
    [CAUSE_CAPTIVE_PORTAL] = "captive-portal",
    [CAUSE_TARGET] = "target",
};

static const char *const confidence_names[] = {
    [CONFIDENCE_CERTAIN] = "certain",
    [CONFIDENCE_LIKELY] = "likely",
    [CONFIDENCE_POSSIBLE] = "possible",
};

static const char *const impact_names[] = {
    [IMPACT_NONE] = "none",
    [IMPACT_FALLBACK] = "fallback",
    [IMPACT_NO_SUBFLOW] = "no-subflow",
    [IMPACT_DEGRADED] = "degraded",
    [IMPACT_BROKEN] = "broken",
};

static const struct {
	const char *name;
	int exit_status;
} verdicts[] = {
    [VERDICT_CLEAN] = {"clean", 0},
    [VERDICT_INTERFERENCE] = {"interference", 1},
    [VERDICT_INCONCLUSIVE] = {"inconclusive", 4},
    [VERDICT_UNREACHABLE] = {"unreachable", 4},
};

const char *direction_name(enum direction d)
{
	return direction_names[d];
}

const char *basis_name(enum basis b)
{
	return basis_names[b];
}

const char *cause_name(enum cause c)
{
	return cause_names[c];
}

const char *confidence_name(enum confidence c)
{
	return confidence_names[c];
}

const char *impact_name(enum impact i)
{
	return impact_names[i];
}

const char *verdict_name(enum verdict v)
{
	return verdicts[v].name;
}

int verdict_exit_status(enum verdict v)
{
	return verdicts[v].exit_status;
}

static bool is_mp_capable(const struct finding *f)
{
	return !strcmp(f->field, "tcp.options.mptcp.mp_capable");
}

static int impact_weight(enum impact impact)
{
	static const int weight[] = {[IMPACT_NONE] = 0,
				     [IMPACT_DEGRADED] = 1,
				     [IMPACT_NO_SUBFLOW] = 2,
				     [IMPACT_FALLBACK] = 3,
				     [IMPACT_BROKEN] = 4};

	return weight[impact];
}

int finding_by_weight(const void *a, const void *b)
{
	const struct finding *x = a, *y = b;

	if ((x->cause == CAUSE_TARGET) != (y->cause == CAUSE_TARGET))
		return x->cause == CAUSE_TARGET ? 1 : -1;
	if (x->impact != y->impact)
		return impact_weight(y->impact) - impact_weight(x->impact);
	if (x->confidence != y->confidence)
		return (int)x->confidence - (int)y->confidence;
	if (x->subflow != y->subflow)
		return x->subflow - y->subflow;
	if (x->after.ttl != y->after.ttl)
		return x->after.ttl - y->after.ttl;
	if (x->basis == BASIS_QUOTE && y->basis == BASIS_QUOTE &&
	    is_mp_capable(x) != is_mp_capable(y))
		return is_mp_capable(x) ? -1 : 1;
	return !strcmp(x->field, "ip.id") - !strcmp(y->field, "ip.id");
}
