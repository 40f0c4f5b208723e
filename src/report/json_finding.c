/* Findings with the keys of RESULTS.md, in its order, and what they come to. */
#include "report/json.h"

static json_t *json_of_place(const struct place *place)
{
	json_t *out;

	if (!place->known)
		return json_null();
	out = json_object();
	json_put(out, "ttl", json_integer(place->ttl));
	json_put(out, "addr", json_of_addr(&place->addr));
	return out;
}

static json_t *json_of_finding(const struct finding *f)
{
	json_t *out = json_object();
	const char *cause = cause_name(f->cause);

	json_put(out, "field", json_string(f->field));
	json_put(out, "change", json_string(change_kind_name(f->change)));
	json_put(out, "sent", json_of_value(&f->sent));
	json_put(out, "seen", json_of_value(&f->seen));
	json_put(out, "direction", json_string(direction_name(f->direction)));
	json_put(out, "after", json_of_place(&f->after));
	json_put(out, "by", json_of_place(&f->by));
	json_put(out, "basis", json_string(basis_name(f->basis)));
	json_put(out, "cause", cause ? json_string(cause) : json_null());
	json_put(out, "confidence", json_string(confidence_name(f->confidence)));
	json_put(out, "impact", json_string(impact_name(f->impact)));
	if (f->subflow)
		json_put(out, "subflow", json_integer(f->subflow));
	if (f->local.family)
		json_put(out, "local", json_of_addr(&f->local));
	json_put(out, "explain", json_string(f->explain));
	return out;
}

static json_t *json_of_findings(const struct finding *findings, size_t count)
{
	json_t *out = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(out, json_of_finding(&findings[i]));
	return out;
}

void json_put_conclusion(json_t *line, const struct finding *findings, size_t count,
			 enum verdict verdict, const char *reason)
{
	json_put(line, "findings", json_of_findings(findings, count));
	json_put(line, "verdict", json_string(verdict_name(verdict)));
	json_put(line, "reason", json_string(reason));
}
