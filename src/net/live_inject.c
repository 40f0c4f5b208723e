#include "net/live_inject.h"

#include <errno.h>
#include <fcntl.h>
#include <libnet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "net/live_permission.h"
#include "net/sockaddr.h"
#include "util/time.h"

static int bind_source(int fd, const struct ip_addr *source, const char *device)
{
	struct sockaddr_storage at;
	socklen_t len = sockaddr_of(source, 0, device ? if_nametoindex(device) : 0, &at);

	return bind(fd, (struct sockaddr *)&at, len);
}

/* Without IP_RECVERR the kernel hides that the device's queue dropped a packet (ENOBUFS). */
static int tell_drops(int fd, uint8_t family)
{
	int on = 1;

	if (family == 4)
		return setsockopt(fd, IPPROTO_IP, IP_RECVERR, &on, sizeof(on));
	return setsockopt(fd, IPPROTO_IPV6, IPV6_RECVERR, &on, sizeof(on));
}

static int set_up(int fd, const struct ip_addr *source, const char *device)
{
	if (device &&
	    setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, device, (socklen_t)strlen(device)))
		return -1;
	if (bind_source(fd, source, device) || tell_drops(fd, source->family))
		return -1;
	return fcntl(fd, F_SETFL, O_NONBLOCK) || fcntl(fd, F_SETFD, FD_CLOEXEC) ? -1 : 0;
}

/* libnet tells what failed in words only. */
static int explain_init(const char *why, struct error *err)
{
	if (strstr(why, strerror(EPERM)) || strstr(why, strerror(EACCES)))
		return live_permission(err, "cannot open a raw socket", EPERM);
	return error_set(err, ERR_DEVICE, "live: cannot open a raw socket: %.160s", why);
}

static int explain_bind(const struct ip_addr *source, const char *device, struct error *err)
{
	char text[IP_ADDR_TEXT];
	int why = errno;

	ip_addr_print(source, text);
	if (why == EADDRNOTAVAIL)
		return error_set(err, ERR_DEVICE, "live: '%s' is not an address of this host",
				 text);
	return error_set(err, ERR_DEVICE, "live: cannot bind a raw socket to '%s'%s%s: %s", text,
			 device ? " on " : "", device ? device : "", strerror(why));
}

int live_inject_open(struct live_inject *inject, const struct ip_addr *source, const char *device,
		     struct error *err)
{
	char why[LIBNET_ERRBUF_SIZE] = "";
	libnet_t *l = libnet_init(source->family == 4 ? LIBNET_RAW4 : LIBNET_RAW6, NULL, why);

	if (!l)
		return explain_init(why, err);
	if (set_up(libnet_getfd(l), source, device)) {
		explain_bind(source, device, err);
		libnet_destroy(l);
		return ERR_DEVICE;
	}
	*inject = (struct live_inject){.libnet = l, .family = source->family};
	return 0;
}

static int write_once(struct live_inject *inject, struct span packet)
{
	int (*const write_raw)(libnet_t *, const uint8_t *, uint32_t) =
	    inject->family == 4 ? libnet_write_raw_ipv4 : libnet_write_raw_ipv6;

	errno = 0;
	return write_raw(inject->libnet, packet.at, (uint32_t)packet.len);
}

static int explain_send(int failed, struct error *err)
{
	if (failed == EPERM)
		return error_set(err, ERR_PERMISSION,
				 "live: cannot send: a packet filter of this host refuses it");
	return error_set(err, ERR_DEVICE, "live: cannot send: %s",
			 failed ? strerror(failed) : "packet cut short");
}

int live_inject_send(struct live_inject *inject, struct span packet, struct error *err)
{
	struct timespec pause = {.tv_nsec = NS_PER_MS / 4};
	size_t least = inject->family == 4 ? 20 : 40; /* libnet reads the destination there */

	if (packet.len < least || packet.len > UINT16_MAX + least ||
	    packet.at[0] >> 4 != inject->family)
		return error_set(err, ERR_DEVICE, "live: cannot send: not an IPv%d packet",
				 inject->family);
	for (; write_once(inject, packet) != (int)packet.len; pause.tv_nsec *= 2) {
		if ((errno != ENOBUFS && errno != EAGAIN && errno != EINTR) ||
		    pause.tv_nsec > NS_PER_S / 2)
			return explain_send(errno, err);
		clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
	}
	return 0;
}

struct outgoing {
	struct mmsghdr message[LIVE_INJECT_BATCH];
	struct iovec part[LIVE_INJECT_BATCH];
	union {
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} to[LIVE_INJECT_BATCH];
};

static void address_one(struct outgoing *o, unsigned i, struct span packet)
{
	struct msghdr *header = &o->message[i].msg_hdr;

	o->part[i] = (struct iovec){.iov_len = packet.len};
	memcpy(&o->part[i].iov_base, &packet.at, sizeof(packet.at)); /* iovec knows no const */
	*header = (struct msghdr){.msg_name = &o->to[i], .msg_iov = &o->part[i], .msg_iovlen = 1};
	if (packet.at[0] >> 4 == 4) {
		o->to[i].v4 = (struct sockaddr_in){.sin_family = AF_INET};
		memcpy(&o->to[i].v4.sin_addr, packet.at + 16, 4);
		header->msg_namelen = sizeof(o->to[i].v4);
	} else {
		o->to[i].v6 = (struct sockaddr_in6){.sin6_family = AF_INET6};
		memcpy(&o->to[i].v6.sin6_addr, packet.at + 24, 16);
		header->msg_namelen = sizeof(o->to[i].v6);
	}
}

/* What stops the batch is sent by itself, which waits if it has to, and knows what is wrong. */
unsigned live_inject_send_all(struct live_inject *inject, const struct span *packets,
			      unsigned count, struct error *err)
{
	int fd = libnet_getfd(inject->libnet);
	unsigned done = 0, lost = 0;
	struct outgoing o;

	for (unsigned i = 0; i < count; i++)
		address_one(&o, i, packets[i]);
	while (done < count) {
		int sent = count - done > 1 ? sendmmsg(fd, o.message + done, count - done, 0) : 0;

		done += sent > 0 ? (unsigned)sent : 0;
		if (done < count)
			lost += live_inject_send(inject, packets[done++], err) != 0;
	}
	return lost;
}

void live_inject_close(struct live_inject *inject)
{
	if (inject->libnet)
		libnet_destroy(inject->libnet);
	*inject = (struct live_inject){0};
}
