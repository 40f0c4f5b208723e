/* A target that is a real endpoint: accepts MPTCP connections on virtual time and serves them. */
#ifndef MBOXTRACE_LAB_LAB_ENDPOINT_H
#define MBOXTRACE_LAB_LAB_ENDPOINT_H

#include "lab/lab.h"
#include "lab/lab_app.h"

#define LAB_SERVED_MAX 256 /* connections that are accepted; later ones are given up at once */

struct lab_served {
	struct lab_app app;
	struct conn *conn;     /* NULL once it is closed */
	struct conn_info info; /* of a closed one: lab_served_info */
};

struct lab_endpoint;

struct lab_endpoint *lab_endpoint(struct lab *lab); /* NULL: the target is a simple one */
struct endpoint *lab_endpoint_of(struct lab_endpoint *e);
/* The connections accepted so far; NULL behind the last. */
struct lab_served *lab_endpoint_at(struct lab_endpoint *e, size_t i);
/* After something was done to a connection from outside: sends what follows from it. */
void lab_endpoint_touch(struct lab_endpoint *e);
/* From now on events go to `event`, which does what else the service would: serves, and releases
 * what is closed. Before the first packet only. */
void lab_endpoint_hand_over(struct lab_endpoint *e,
			    void (*event)(void *context, const struct endpoint_event *event),
			    void *context);
void lab_served_info(const struct lab_served *s, struct conn_info *out);

#endif
