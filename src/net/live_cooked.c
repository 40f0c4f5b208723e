#include "net/live_cooked.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <pcap/pcap.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/live_capture.h"
#include "net/live_filter.h"
#include "net/live_permission.h"
#include "packet/packet.h"

#define BATCH	       64
#define PACKET_MAX     65536		      /* octets of an IP packet, but for jumbograms */
#define STRIDE	       (PACKET_MAX + 27 * 64) /* else small packets share few cache sets */
#define DEFAULT_BUFFER (32 << 20)

struct live_cooked_batch {
	unsigned count, next;
	struct mmsghdr message[BATCH];
	struct iovec part[BATCH];
	struct sockaddr_ll from[BATCH];
	union {
		struct cmsghdr align;
		char octets[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
	} control[BATCH];
	uint8_t octets[BATCH][STRIDE];
};

static void batch_reset(struct live_cooked_batch *b)
{
	for (size_t i = 0; i < BATCH; i++) {
		b->part[i] = (struct iovec){b->octets[i], PACKET_MAX};
		b->message[i].msg_hdr = (struct msghdr){
		    .msg_name = &b->from[i],
		    .msg_namelen = sizeof(b->from[i]),
		    .msg_iov = &b->part[i],
		    .msg_iovlen = 1,
		    .msg_control = &b->control[i],
		    .msg_controllen = sizeof(b->control[i]),
		};
	}
}

static int attach(int fd, struct bpf_program *program)
{
	struct sock_fprog filter = {.len = (unsigned short)program->bf_len};

	/* The same structure by two names: libpcap's and the kernel's. */
	_Static_assert(sizeof(struct bpf_insn) == sizeof(struct sock_filter), "cBPF");
	filter.filter = (void *)program->bf_insns;
	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter)) ? errno : 0;
}

/* Such a socket sees packets from their IP header on, which libpcap calls a raw link. */
static int set_filter(int fd, const struct live_scope *scope, uint8_t family, struct error *err)
{
	pcap_t *format = pcap_open_dead(DLT_RAW, PACKET_MAX);
	struct bpf_program program = {0};
	struct buf text = {0};
	int failed = 0;

	live_filter_print_scope(&text, scope, family);
	if (!format || text.failed)
		failed = error_set(err, ERR_NOMEM, "out of memory");
	else if (pcap_compile(format, &program, buf_text(&text), 1, PCAP_NETMASK_UNKNOWN))
		failed = error_set(err, ERR_DEVICE, "live: the filter is refused: %.160s",
				   pcap_geterr(format));
	else if ((failed = attach(fd, &program)))
		failed = error_set(err, ERR_DEVICE, "live: the kernel refuses the filter: %s",
				   strerror(failed));
	pcap_freecode(&program);
	buf_fini(&text);
	if (format)
		pcap_close(format);
	return failed;
}

static void set_buffer(int fd, size_t octets)
{
	int size = octets ? (int)octets : DEFAULT_BUFFER;

	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)))
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
}

/* Bound to a protocol only when the filter is there: nothing else ever waits in it. */
static int open_family(int *out, const struct live_scope *scope, uint8_t family, size_t octets,
		       struct error *err)
{
	struct sockaddr_ll at = {.sll_family = AF_PACKET};
	int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1, failed;

	if (fd < 0 && errno == EPERM)
		return live_permission(err, "cannot capture", EPERM);
	if (fd < 0)
		return error_set(err, ERR_DEVICE, "live: cannot capture: %s", strerror(errno));
	*out = fd;
	failed = set_filter(fd, scope, family, err);
	if (failed)
		return failed;
	set_buffer(fd, octets);
	at.sll_protocol = htons(family == 4 ? ETH_P_IP : ETH_P_IPV6);
	if (setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &on, sizeof(on)) ||
	    bind(fd, (struct sockaddr *)&at, sizeof(at)))
		return error_set(err, ERR_DEVICE, "live: cannot capture: %s", strerror(errno));
	return 0;
}

int live_cooked_open(struct live_cooked *cooked, const struct live_scope *scope,
		     size_t buffer_octets, struct error *err)
{
	int failed = 0;

	*cooked = (struct live_cooked){.fds = {-1, -1}, .opened = true};
	cooked->batch = calloc(1, sizeof(*cooked->batch));
	if (!cooked->batch)
		failed = error_set(err, ERR_NOMEM, "out of memory");
	for (int i = 0; i < 2 && !failed; i++) {
		uint8_t family = i ? 6 : 4;

		if (live_scope_has_family(scope, family))
			failed = open_family(&cooked->fds[i], scope, family, buffer_octets, err);
	}
	if (failed)
		live_cooked_close(cooked);
	else
		pthread_sigmask(SIG_SETMASK, NULL, &cooked->signals);
	return failed;
}

static bool checksum_missing(struct msghdr *message)
{
	struct tpacket_auxdata aux;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
		if (c->cmsg_level != SOL_PACKET || c->cmsg_type != PACKET_AUXDATA)
			continue;
		memcpy(&aux, CMSG_DATA(c), sizeof(aux));
		return aux.tp_status & TP_STATUS_CSUMNOTREADY;
	}
	return false;
}

/* The next of the batch that is for us; false: it is used up. */
static bool batch_next(struct live_cooked_batch *b, struct net_packet *out)
{
	while (b->next < b->count) {
		unsigned i = b->next++;
		struct msghdr *message = &b->message[i].msg_hdr;
		size_t len = b->message[i].msg_len;

		if (b->from[i].sll_pkttype != PACKET_HOST || message->msg_flags & MSG_TRUNC)
			continue;
		if (checksum_missing(message))
			packet_fix_checksums(b->octets[i], len);
		out->octets = span_of(b->octets[i], len);
		out->time_ns = live_clock_ns();
		return true;
	}
	return false;
}

/* Positive: the batch is filled; 0: nothing waits. A device that goes down says so once; it may
 * come back. */
static int batch_fill(struct live_cooked *cooked, struct error *err)
{
	struct live_cooked_batch *b = cooked->batch;

	b->count = b->next = 0;
	for (int i = 0; i < 2; i++) {
		int got;

		if (cooked->fds[i] < 0)
			continue;
		batch_reset(b);
		got = recvmmsg(cooked->fds[i], b->message, BATCH, MSG_DONTWAIT, NULL);
		if (got > 0)
			return (int)(b->count = (unsigned)got);
		if (errno != EAGAIN && errno != EINTR && errno != ENETDOWN)
			return error_set(err, ERR_DEVICE, "live: the capture failed: %s",
					 strerror(errno));
	}
	return 0;
}

/* 1: perhaps there is something; 0: not until the deadline, a signal came, or an extra one is
 * ready. */
static int wait_until(struct live_cooked *cooked, int64_t deadline_ns, struct error *err)
{
	struct pollfd fds[2 + LIVE_COOKED_EXTRA_MAX];
	int64_t now_ns = live_clock_ns();
	int64_t left = deadline_ns > now_ns ? deadline_ns - now_ns : 0; /* any, however past */
	struct timespec timeout = {left / NS_PER_S, left % NS_PER_S};
	int ready;

	if (left <= 0)
		return 0;
	for (int i = 0; i < 2; i++)
		fds[i] = (struct pollfd){.fd = cooked->fds[i], .events = POLLIN};
	if (cooked->extra_count)
		memcpy(fds + 2, cooked->extra, cooked->extra_count * sizeof(*fds));
	ready = ppoll(fds, 2 + cooked->extra_count, deadline_ns == TIME_NEVER ? NULL : &timeout,
		      &cooked->signals);
	if (ready < 0 && errno != EINTR)
		return error_set(err, ERR_DEVICE, "live: cannot wait for packets: %s",
				 strerror(errno));
	return ready > 0 && (fds[0].revents || fds[1].revents);
}

int live_cooked_receive(struct live_cooked *cooked, int64_t deadline_ns, struct net_packet *out,
			struct error *err)
{
	int got;

	while (!batch_next(cooked->batch, out)) {
		got = batch_fill(cooked, err);
		if (!got)
			got = wait_until(cooked, deadline_ns, err);
		if (got <= 0)
			return got;
	}
	return 1;
}

void live_cooked_close(struct live_cooked *cooked)
{
	for (int i = 0; i < 2 && cooked->opened; i++)
		if (cooked->fds[i] >= 0)
			close(cooked->fds[i]);
	free(cooked->batch);
	*cooked = (struct live_cooked){.fds = {-1, -1}};
}
