/* Inside the lab: what its elements (client, link, router, box, target) and the walk share.
 *
 * A packet under way is either walking (lab_walk hands it from element to element in no time) or
 * waiting in the heap for its time at element `at`. Elements take packets from the pool and give
 * them back; once the pool is warm nothing is allocated. */
#ifndef MBOXTRACE_LAB_LAB_ELEMENT_H
#define MBOXTRACE_LAB_LAB_ELEMENT_H

#include "lab/lab.h"
#include "util/heap.h"

#define LAB_ELEMENTS_MAX 1024
#define LAB_PACKETS_MAX	 16384 /* in flight at once: a full lab drops, as a full queue does */
#define LAB_EMITTED_MAX	 8     /* an answer to an answer to an …: where two boxes quarrel */
#define LAB_MTU		 1500
#define LAB_TTL		 64

/* What waits in the heap: a packet, or an element whose timer is set. The head of both. */
struct lab_event {
	bool timer;
};

struct lab_packet {
	struct lab_event event;
	struct box_packet box;
	size_t at;		 /* where in its path it arrives next */
	uint8_t emitted;	 /* how many answers led to it */
	int64_t time_ns;	 /* when it arrived at the client */
	struct lab_packet *next; /* in the pool, the inbox, or to be walked soon */
};

struct lab_element;

struct lab_element_ops {
	/* A packet arrives. True: it goes on to the next element; false: the element took it, and
	 * has scheduled it or given it back. */
	bool (*arrive)(struct lab *lab, struct lab_element *e, struct lab_packet *p);
	/* The time set by lab_arm has come. May be NULL. */
	void (*expire)(struct lab *lab, struct lab_element *e);
	void (*fini)(
	    struct lab_element *e); /* may be NULL; the element itself is freed by the lab */
};

/* The head of every element's own struct. */
struct lab_element {
	struct lab_event event;
	const struct lab_element_ops *ops;
	uint16_t at[LAB_PATHS_MAX]; /* its place in each path it is in */
	uint8_t after_ttl;	    /* routers before it, in the first of these */
	int64_t armed_ns;	    /* TIME_NEVER: no timer */
};

struct path {
	struct lab_path spec;
	size_t count;
	uint8_t router_count;
	uint16_t elements[LAB_ELEMENTS_MAX]; /* indices into lab->elements */
};

struct lab_chunk; /* packets are allocated in chunks */

struct lab {
	uint64_t seed;
	struct rng rng;
	int64_t now_ns;
	struct heap waiting;
	struct lab_element *elements[LAB_ELEMENTS_MAX];
	size_t element_count;
	struct path *paths[LAB_PATHS_MAX];
	size_t path_count;
	struct lab_client client;
	struct lab_element *target; /* NULL until the path is complete */
	struct lab_target target_spec;
	struct lab_chunk *chunks;
	struct lab_packet *pool;
	size_t packet_count;		     /* allocated */
	size_t under_way;		     /* waiting in the heap */
	struct lab_packet *soon, **soon_end; /* to be walked before anything else */
	struct lab_packet *inbox, **inbox_end;
	uint64_t walked;
};

/* lab_walk.c */
struct lab_packet *lab_packet_new(struct lab *lab); /* NULL: the lab is full */
void lab_packet_free(struct lab *lab, struct lab_packet *p);
struct lab_packet *lab_packet_copy(struct lab *lab, const struct lab_packet *p); /* NULL: full */
void lab_schedule(struct lab *lab, struct lab_packet *p, int64_t time_ns);
/* Advances to the next event if it is not after `deadline_ns`; false if there is none. */
bool lab_step(struct lab *lab, int64_t deadline_ns);
/* Sends a packet of the element's own away from it; `cause` is what it answers, or NULL. The packet
 * comes from lab_packet_new, with octets, direction and path set. What goes on the way its cause
 * went keeps its place among the others. */
void lab_emit(struct lab *lab, const struct lab_element *e, const struct lab_packet *cause,
	      struct lab_packet *p);
/* lab_answer.c: sends `p`, whose octets are written (`len` of them; negative: they could not be),
 * or an ICMP error with an ID of its own, back to where `cause` came from. */
void lab_answer(struct lab *lab, const struct lab_element *e, const struct lab_packet *cause,
		struct lab_packet *p, int len);
struct icmp_error_spec;
void lab_answer_error(struct lab *lab, const struct lab_element *e,
		      const struct lab_packet *offender, struct icmp_error_spec *error);
/* Has the element's expire called at `time_ns`, if it is not to be called before that anyway. */
void lab_arm(struct lab *lab, struct lab_element *e, int64_t time_ns);
void lab_walk_fini(struct lab *lab);

/* lab_path.c: the path between two addresses, as the client sends; -1: none */
int lab_path_between(const struct lab *lab, const struct ip_addr *client,
		     const struct ip_addr *target);
bool lab_is_client(const struct lab *lab, const struct ip_addr *addr);
bool lab_is_target(const struct lab *lab, const struct ip_addr *addr);

/* One file each: a new element, or NULL if there is no memory. */
struct lab_element *lab_client_new(const struct lab_client *client);
struct lab_element *lab_link_new(const struct lab_link *link);
struct lab_element *lab_router_new(const struct lab_router *router);
struct lab_element *lab_box_new(const char *name, struct error *err);
struct lab_element *lab_target_new(const struct lab_target *target, struct error *err);
struct lab_element *lab_endpoint_new(struct lab *lab, const struct lab_target *target,
				     struct error *err);

bool lab_element_is_router(const struct lab_element *e);
/* NULL if the element is no box. */
struct box *lab_element_box(struct lab_element *e);
size_t lab_element_half_open(const struct lab_element *e);

#endif
