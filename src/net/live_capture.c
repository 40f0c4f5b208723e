#include "net/live_capture.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <poll.h>
#include <string.h>
#include <time.h>

#include "net/live_link.h"
#include "net/live_permission.h"

#define SNAPLEN	       2048 /* answers are short: an ICMPv6 error has 1280 octets at most */
#define DEFAULT_BUFFER (1 << 20)

static int64_t clock_ns(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return now.tv_sec * NS_PER_S + now.tv_nsec;
}

int64_t live_clock_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

static int lost(pcap_t *pcap, const char *device, struct error *err)
{
	return error_set(err, ERR_DEVICE, "live: cannot capture on %s: %.160s", device,
			 pcap_geterr(pcap));
}

static int activate(pcap_t *pcap, const char *device, struct error *err)
{
	int status = pcap_activate(pcap);

	if (status == PCAP_ERROR_PERM_DENIED)
		return live_permission(err, "cannot capture", EPERM);
	if (status == PCAP_ERROR || status == PCAP_ERROR_NO_SUCH_DEVICE)
		return lost(pcap, device, err);
	if (status < 0)
		return error_set(err, ERR_DEVICE, "live: cannot capture on %s: %s", device,
				 pcap_statustostr(status));
	if (live_link_known(pcap_datalink(pcap)))
		return 0;
	return error_set(err, ERR_DEVICE, "live: cannot capture on %s: unknown link type %s",
			 device, pcap_datalink_val_to_name(pcap_datalink(pcap)));
}

static int set_filter(pcap_t *pcap, const char *device, const char *filter, struct error *err)
{
	struct bpf_program program;
	int failed;

	if (pcap_compile(pcap, &program, filter, 1, PCAP_NETMASK_UNKNOWN))
		return lost(pcap, device, err);
	failed = pcap_setfilter(pcap, &program);
	pcap_freecode(&program);
	return failed ? lost(pcap, device, err) : 0;
}

static int set_up(pcap_t *pcap, const char *device, const char *filter, size_t buffer_octets,
		  struct error *err)
{
	char why[PCAP_ERRBUF_SIZE] = "";
	int failed;

	pcap_set_snaplen(pcap, SNAPLEN);
	pcap_set_immediate_mode(pcap, 1);
	pcap_set_tstamp_precision(pcap, PCAP_TSTAMP_PRECISION_NANO);
	pcap_set_buffer_size(pcap, buffer_octets ? (int)buffer_octets : DEFAULT_BUFFER);
	failed = activate(pcap, device, err);
	if (!failed)
		failed = set_filter(pcap, device, filter, err);
	if (!failed && (pcap_setdirection(pcap, PCAP_D_IN) || pcap_setnonblock(pcap, 1, why)))
		failed = lost(pcap, device, err);
	return failed;
}

int live_capture_open(struct live_capture *capture, const char *device, const char *filter,
		      size_t buffer_octets, struct error *err)
{
	char why[PCAP_ERRBUF_SIZE] = "";
	pcap_t *pcap = pcap_create(device, why);
	int failed;

	if (!pcap)
		return error_set(err, ERR_DEVICE, "live: cannot capture on %s: %.160s", device,
				 why);
	failed = set_up(pcap, device, filter, buffer_octets, err);
	if (failed) {
		pcap_close(pcap);
		return failed;
	}
	*capture = (struct live_capture){
	    .pcap = pcap, .fd = pcap_get_selectable_fd(pcap), .link_type = pcap_datalink(pcap)};
	pthread_sigmask(SIG_SETMASK, NULL, &capture->signals);
	return 0;
}

/* The stamp on the monotonic axis. Both clocks are read afresh, so that a step of the wall clock
 * spoils no more than the packets that were waiting just then. */
static int64_t stamp_ns(const struct live_capture *capture, const struct pcap_pkthdr *head)
{
	int64_t wall = clock_ns(CLOCK_REALTIME), now = live_clock_ns();
	int64_t nano = pcap_get_tstamp_precision(capture->pcap) == PCAP_TSTAMP_PRECISION_NANO;
	int64_t stamp = head->ts.tv_sec * NS_PER_S + head->ts.tv_usec * (nano ? 1 : NS_PER_US);

	return stamp > wall ? now : now - (wall - stamp);
}

/* 1: *out is set; 0: nothing waits; negative: the device is lost. */
static int next_packet(struct live_capture *capture, struct net_packet *out, struct error *err)
{
	struct pcap_pkthdr *head;
	const uint8_t *frame;
	int status;

	while ((status = pcap_next_ex(capture->pcap, &head, &frame)) == 1) {
		out->octets = live_link_strip(capture->link_type, span_of(frame, head->caplen));
		out->time_ns = stamp_ns(capture, head);
		if (out->octets.len)
			return 1;
	}
	if (!status)
		return 0;
	return error_set(err, ERR_DEVICE, "live: the capture failed: %.200s",
			 pcap_geterr(capture->pcap));
}

/* 1: perhaps there is something; 0: not until the deadline, or a signal came. */
static int wait_until(struct live_capture *capture, int64_t deadline_ns, struct error *err)
{
	struct pollfd poll_fd = {.fd = capture->fd, .events = POLLIN};
	int64_t now_ns = live_clock_ns();
	int64_t left = deadline_ns > now_ns ? deadline_ns - now_ns : 0; /* any, however past */
	struct timespec timeout = {.tv_sec = left / NS_PER_S, .tv_nsec = left % NS_PER_S};
	int ready;

	if (left <= 0)
		return 0;
	ready = ppoll(&poll_fd, 1, deadline_ns == TIME_NEVER ? NULL : &timeout, &capture->signals);
	if (ready >= 0)
		return ready;
	if (errno == EINTR)
		return 0;
	return error_set(err, ERR_DEVICE, "live: cannot wait for packets: %s", strerror(errno));
}

int live_capture_receive(struct live_capture *capture, int64_t deadline_ns, struct net_packet *out,
			 struct error *err)
{
	int got;

	while (!(got = next_packet(capture, out, err))) {
		got = wait_until(capture, deadline_ns, err);
		if (got <= 0)
			return got;
	}
	return got;
}

void live_capture_close(struct live_capture *capture)
{
	if (capture->pcap)
		pcap_close(capture->pcap);
	*capture = (struct live_capture){0};
}
