/* One of the lab's boxes as the link between two network namespaces:
 *
 *   tun_box NEAR FAR DEVICE BOX [KEY=VALUE…]
 *
 * creates TUN devices of this name in both (paths of namespaces), prints "ready" and hands every IP
 * packet from one to the other through the box, NEAR's towards the target; until it is killed. */
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "lab/box.h"
#include "util/time.h"

#define QUEUE_MAX 64

struct tun_box {
	struct box *box;
	struct rng rng;
	int fd[2]; /* near, far */
	/* What the box sends behind the packet it is looking at. */
	size_t count;
	struct box_packet queue[QUEUE_MAX];
};

static int fail(const char *what, const char *why)
{
	fprintf(stderr, "tun_box: %s: %s\n", what, why);
	return 1;
}

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * NS_PER_S + t.tv_nsec;
}

static int open_device(const char *netns, const char *name)
{
	struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};
	int ns = open(netns, O_RDONLY | O_CLOEXEC), fd;

	if (ns < 0 || setns(ns, CLONE_NEWNET))
		return -1;
	close(ns);
	fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	return fd >= 0 && !ioctl(fd, TUNSETIFF, &request) ? fd : -1;
}

static int set_param(struct box *box, char *text, struct error *err)
{
	char *value = strchr(text, '='), *end;
	struct box_value v = {.type = BOX_VALUE_TEXT};

	if (!value)
		return error_set(err, ERR_USAGE, "%s: expected KEY=VALUE", text);
	*value++ = '\0';
	v.text = value;
	v.number = strtoll(value, &end, 0);
	v.flag = !strcmp(value, "true");
	if (*value && !*end)
		v.type = BOX_VALUE_INT;
	else if (v.flag || !strcmp(value, "false"))
		v.type = BOX_VALUE_BOOL;
	return box_set(box, text, &v, err);
}

static void put(const struct tun_box *t, const struct box_packet *p)
{
	/* A device that takes no more drops, as a queue does. */
	if (write(t->fd[p->direction == BOX_FORWARD], p->octets, p->len) < 0)
		return;
}

static void emit(void *context, const struct box_packet *packet)
{
	struct tun_box *t = context;

	if (t->count < QUEUE_MAX)
		t->queue[t->count++] = *packet;
}

static void flush(struct tun_box *t)
{
	for (size_t i = 0; i < t->count; i++)
		put(t, &t->queue[i]);
	t->count = 0;
}

static void take(struct tun_box *t, enum box_direction direction, const struct box_io *io)
{
	struct box_packet p = {.direction = direction};
	ssize_t len;

	while ((len = read(t->fd[direction == BOX_REVERSE], p.octets, sizeof(p.octets))) > 0) {
		p.len = (size_t)len;
		if (t->box->ops->packet(t->box, &p, io) == BOX_PASS)
			put(t, &p);
		flush(t);
		p.direction = direction;
	}
}

/* Milliseconds until the box wants to be called; -1: never. */
static int wait_ms(const struct box *box)
{
	int64_t due_ns = box->ops->expiry_ns ? box->ops->expiry_ns(box) : TIME_NEVER;

	if (due_ns == TIME_NEVER)
		return -1;
	due_ns -= now_ns();
	return due_ns < 0 ? 0 : (int)((due_ns + NS_PER_MS - 1) / NS_PER_MS);
}

static void run(struct tun_box *t)
{
	struct pollfd fds[2] = {{t->fd[0], POLLIN, 0}, {t->fd[1], POLLIN, 0}};

	while (poll(fds, 2, wait_ms(t->box)) >= 0) {
		struct box_io io = {.emit = emit, .context = t, .rng = &t->rng, .now_ns = now_ns()};

		take(t, BOX_FORWARD, &io);
		take(t, BOX_REVERSE, &io);
		if (t->box->ops->expiry_ns && t->box->ops->expiry_ns(t->box) <= io.now_ns)
			t->box->ops->expire(t->box, &io);
		flush(t);
	}
}

int main(int argc, char **argv)
{
	static struct tun_box t;
	struct error err = {0};

	if (argc < 5)
		return fail("usage", "NEAR FAR DEVICE BOX [KEY=VALUE...]");
	t.box = box_new(argv[4], &err);
	for (int i = 5; t.box && !err.code && i < argc; i++)
		set_param(t.box, argv[i], &err);
	if (!t.box || err.code || box_ready(t.box, &err))
		return fail(argv[4], err.text);
	for (int i = 0; i < 2; i++)
		if ((t.fd[i] = open_device(argv[1 + i], argv[3])) < 0)
			return fail(argv[1 + i], "no TUN device there");
	rng_seed(&t.rng, 1);
	puts("ready");
	fflush(stdout);
	run(&t);
	return 0;
}
