#include "net/tap.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdlib.h>
#include <string.h>

struct tap {
	struct net net; /* first */
	struct net *inner;
	pcap_t *format; /* no device: only says what kind of file it is */
	pcap_dumper_t *file;
	int64_t wall_offset_ns; /* to add to inner's times */
};

static struct tap *tap_of(struct net *net)
{
	return (struct tap *)net;
}

static int tap_write(struct tap *tap, struct span packet, int64_t time_ns, struct error *err)
{
	int64_t wall = time_ns + tap->wall_offset_ns;
	struct pcap_pkthdr head = {.ts = {.tv_sec = wall / NS_PER_S, .tv_usec = wall % NS_PER_S},
				   .caplen = (bpf_u_int32)packet.len,
				   .len = (bpf_u_int32)packet.len};

	pcap_dump((uint8_t *)tap->file, &head, packet.at);
	if (!pcap_dump_flush(tap->file) && !ferror(pcap_dump_file(tap->file)))
		return 0;
	return error_set(err, ERR_FILE, "cannot write the capture file: %s", strerror(errno));
}

static int tap_send(struct net *net, struct span packet, struct error *err)
{
	struct tap *tap = tap_of(net);
	int64_t now = net_now_ns(tap->inner);
	int failed = net_send(tap->inner, packet, err);

	return failed ? failed : tap_write(tap, packet, now, err);
}

static int tap_receive(struct net *net, int64_t deadline_ns, struct net_packet *out,
		       struct error *err)
{
	struct tap *tap = tap_of(net);
	int got = net_receive(tap->inner, deadline_ns, out, err);
	int failed = got == 1 ? tap_write(tap, out->octets, out->time_ns, err) : 0;

	return failed ? failed : got;
}

static int64_t tap_now(struct net *net)
{
	return net_now_ns(tap_of(net)->inner);
}

static int tap_route(struct net *net, const struct ip_addr *target, struct net_route *out,
		     struct error *err)
{
	return net_route(tap_of(net)->inner, target, out, err);
}

static bool tap_watch(struct net *net, const struct pollfd *fds, size_t count)
{
	return net_watch(tap_of(net)->inner, fds, count);
}

static void tap_free(struct tap *tap)
{
	if (tap->file)
		pcap_dump_close(tap->file);
	if (tap->format)
		pcap_close(tap->format);
	free(tap);
}

static void tap_close(struct net *net)
{
	net_close(tap_of(net)->inner);
	tap_free(tap_of(net));
}

static const struct net_ops tap_ops = {
    .name = "tap",
    .send = tap_send,
    .receive = tap_receive,
    .now_ns = tap_now,
    .route = tap_route,
    .close = tap_close,
    .watch = tap_watch,
};

static int tap_open_file(struct tap *tap, const char *path, struct error *err)
{
	if (!strcmp(path, "-"))
		return error_set(err, ERR_FILE, "capture file '-': standard output is taken");
	tap->format = pcap_open_dead_with_tstamp_precision(DLT_RAW, UINT16_MAX + 40,
							   PCAP_TSTAMP_PRECISION_NANO);
	if (!tap->format)
		return error_set(err, ERR_NOMEM, "out of memory");
	tap->file = pcap_dump_open(tap->format, path);
	if (!tap->file)
		return error_set(err, ERR_FILE, "cannot write %s", pcap_geterr(tap->format));
	if (pcap_dump_flush(tap->file))
		return error_set(err, ERR_FILE, "cannot write %s: %s", path, strerror(errno));
	return 0;
}

struct net *tap_open(struct net *inner, const char *path, int64_t wall_ns, int64_t at_ns,
		     struct error *err)
{
	struct tap *tap = calloc(1, sizeof(*tap));

	if (!tap) {
		error_set(err, ERR_NOMEM, "out of memory");
		return NULL;
	}
	tap->net.ops = &tap_ops;
	tap->inner = inner;
	tap->wall_offset_ns = wall_ns - at_ns;
	if (!tap_open_file(tap, path, err))
		return &tap->net;
	tap_free(tap);
	return NULL;
}
