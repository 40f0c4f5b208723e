/* The parts of the JSON report: each returns a new reference, to be given away. */
#ifndef MBOXTRACE_REPORT_JSON_H
#define MBOXTRACE_REPORT_JSON_H

#include <jansson.h>

#include "report/report.h"

/* An integer, or the text as value_print gives it; NULL for VALUE_NONE. */
json_t *json_of_value(const struct value *v);
json_t *json_of_addr(const struct ip_addr *addr);
json_t *json_of_hop(const struct trace_result *result, uint8_t ttl);
json_t *json_of_mirrored(const struct mirrored *m, const char *note); /* NULL: none */

json_t *json_of_time(int64_t wall_ns); /* RFC 3339, UTC */
json_t *json_line(const char *type);   /* an object with type and schema */
/* Writes and gives up `line`. A dump that fails leaves its error in the stream, or no line at all
 * if memory ran out. */
void json_put_line(FILE *out, json_t *line);

/* Sets `key` unless `value` is NULL, which would be a failure of Jansson. */
void json_put(json_t *object, const char *key, json_t *value);

/* Findings, verdict and reason. */
void json_put_conclusion(json_t *line, const struct finding *findings, size_t count,
			 enum verdict verdict, const char *reason);

#endif
