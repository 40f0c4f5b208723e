#include "report/names.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "util/time.h"

/* More than a path of 255 hops with three addresses each. */
#define NAMES_MAX 1024

struct entry {
	struct ip_addr addr;
	enum name_state state;
	char *name; /* NULL unless NAME_KNOWN */
};

/* Entries are looked up in the order they were asked for: [0, done) is settled. Shared by the
 * caller and the thread; the last of the two frees it. */
struct names {
	pthread_mutex_t lock;
	pthread_cond_t asked, settled;
	names_lookup *lookup;
	bool closed;
	int owners;
	size_t count, done;
	struct entry entries[NAMES_MAX];
};

bool names_lookup_dns(const struct ip_addr *addr, char out[NAME_TEXT])
{
	struct sockaddr_in in = {.sin_family = AF_INET};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
	bool v6 = addr->family == 6;
	const void *sa = v6 ? (const void *)&in6 : (const void *)&in;

	memcpy(&in.sin_addr, addr->octets, 4);
	memcpy(&in6.sin6_addr, addr->octets, 16);
	if (getnameinfo(sa, v6 ? sizeof(in6) : sizeof(in), out, NAME_TEXT, NULL, 0, NI_NAMEREQD))
		return false;
	/* Whoever runs a zone may put anything there: it is to be printed to terminals. */
	for (const char *at = out; *at; at++)
		if (*at <= ' ' || *at >= 0x7f)
			return false;
	return true;
}

static void names_release(struct names *n)
{
	int left;

	pthread_mutex_lock(&n->lock);
	left = --n->owners;
	pthread_mutex_unlock(&n->lock);
	if (left)
		return;
	for (size_t i = 0; i < n->count; i++)
		free(n->entries[i].name);
	pthread_cond_destroy(&n->asked);
	pthread_cond_destroy(&n->settled);
	pthread_mutex_destroy(&n->lock);
	free(n);
}

/* A name comes from whoever runs the address: nothing but letters may reach a terminal. */
static bool is_decent(const char *name)
{
	for (; *name; name++) {
		if (!isalnum((unsigned char)*name) && !strchr("-._", *name))
			return false;
	}
	return true;
}

static void names_next(struct names *n)
{
	char text[NAME_TEXT];
	struct ip_addr addr = n->entries[n->done].addr;
	struct entry *e = &n->entries[n->done];
	bool found;

	pthread_mutex_unlock(&n->lock);
	found = n->lookup(&addr, text) && is_decent(text);
	pthread_mutex_lock(&n->lock);
	e->name = found ? strdup(text) : NULL;
	e->state = e->name ? NAME_KNOWN : NAME_NONE;
	n->done++;
	pthread_cond_signal(&n->settled);
}

static void *names_thread(void *context)
{
	struct names *n = context;

	pthread_mutex_lock(&n->lock);
	while (!n->closed) {
		if (n->done < n->count)
			names_next(n);
		else
			pthread_cond_wait(&n->asked, &n->lock);
	}
	pthread_mutex_unlock(&n->lock);
	names_release(n);
	return NULL;
}

/* Signals are for the trace: one that went to this thread would not end its wait. */
static bool names_spawn(struct names *n)
{
	sigset_t all, before;
	pthread_t thread;
	int failed;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	failed = pthread_create(&thread, NULL, names_thread, n);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!failed)
		pthread_detach(thread);
	return !failed;
}

struct names *names_new(names_lookup *lookup)
{
	struct names *n = calloc(1, sizeof(*n));
	pthread_condattr_t attr;

	if (!n)
		return NULL;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_mutex_init(&n->lock, NULL);
	pthread_cond_init(&n->asked, NULL);
	pthread_cond_init(&n->settled, &attr);
	pthread_condattr_destroy(&attr);
	n->lookup = lookup;
	n->owners = 2;
	if (names_spawn(n))
		return n;
	n->owners = 1;
	names_release(n);
	return NULL;
}

void names_free(struct names *n)
{
	if (!n)
		return;
	pthread_mutex_lock(&n->lock);
	n->closed = true;
	pthread_cond_signal(&n->asked);
	pthread_mutex_unlock(&n->lock);
	names_release(n);
}

static const struct entry *names_find(struct names *n, const struct ip_addr *addr)
{
	for (size_t i = 0; i < n->count; i++) {
		if (ip_addr_equal(&n->entries[i].addr, addr))
			return &n->entries[i];
	}
	if (n->count == NAMES_MAX)
		return NULL;
	n->entries[n->count] = (struct entry){.addr = *addr, .state = NAME_PENDING};
	pthread_cond_signal(&n->asked);
	return &n->entries[n->count++];
}

enum name_state names_get(struct names *n, const struct ip_addr *addr, char out[NAME_TEXT])
{
	const struct entry *e;
	enum name_state state = NAME_NONE;

	if (!n)
		return NAME_NONE;
	pthread_mutex_lock(&n->lock);
	e = names_find(n, addr);
	if (e)
		state = e->state;
	if (state == NAME_KNOWN)
		strcpy(out, e->name);
	pthread_mutex_unlock(&n->lock);
	return state;
}

void names_settle(struct names *n, int64_t timeout_ns)
{
	struct timespec until;

	if (!n)
		return;
	clock_gettime(CLOCK_MONOTONIC, &until);
	timeout_ns += until.tv_nsec;
	until.tv_sec += (time_t)(timeout_ns / NS_PER_S);
	until.tv_nsec = (long)(timeout_ns % NS_PER_S);
	pthread_mutex_lock(&n->lock);
	while (n->done < n->count) {
		if (pthread_cond_timedwait(&n->settled, &n->lock, &until))
			break;
	}
	pthread_mutex_unlock(&n->lock);
}
