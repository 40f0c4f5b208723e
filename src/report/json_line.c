/* What every line of JSON has. */
#include <stdlib.h>
#include <time.h>

#include "report/json.h"

void json_put(json_t *object, const char *key, json_t *value)
{
	if (value)
		json_object_set_new(object, key, value);
}

json_t *json_line(const char *type)
{
	json_t *line = json_object();

	json_put(line, "type", json_string(type));
	json_put(line, "schema", json_integer(1));
	return line;
}

void json_put_line(FILE *out, json_t *line)
{
	char *text = json_dumps(line, JSON_COMPACT | JSON_PRESERVE_ORDER);

	if (text)
		fprintf(out, "%s\n", text);
	fflush(out);
	free(text);
	json_decref(line);
}

json_t *json_of_time(int64_t wall_ns)
{
	time_t seconds = (time_t)(wall_ns / NS_PER_S);
	char text[64], date[32];
	struct tm tm;

	gmtime_r(&seconds, &tm);
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text, sizeof(text), "%s.%06uZ", date, (unsigned)(wall_ns % NS_PER_S / NS_PER_US));
	return json_string(text);
}
