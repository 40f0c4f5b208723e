#include "net/live_frames.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/live_inject.h"
#include "util/time.h"

#define KNOWN_NS   (200 * NS_PER_MS) /* for so long a way holds */
#define UNKNOWN_NS (50 * NS_PER_MS)  /* and after this one that was not seen is looked for again */
#define FRAME_MAX  2048
#define SEEN_MAX   128 /* more do not fit the socket's buffer */
#define BUFFER	   (512 * 1024)

/* Only what this host sends is of interest. */
static int filter_outgoing(int fd)
{
	struct sock_filter code[] = {
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_PKTTYPE)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PACKET_OUTGOING, 0, 1),
	    BPF_STMT(BPF_RET | BPF_K, FRAME_MAX),
	    BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog program = {.len = 4, .filter = code};

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program));
}

static void set_buffer(int fd)
{
	int size = BUFFER;

	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)))
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
}

/* Not bound, it captures nothing, and costs the host nothing. */
void live_frames_open(struct live_frames *frames)
{
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1;

	*frames = (struct live_frames){.fd = fd};
	if (fd < 0)
		return;
	if (filter_outgoing(fd) || setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &on, sizeof(on)))
		live_frames_close(frames);
	else
		set_buffer(fd);
}

static uint8_t family_of(struct span packet)
{
	return packet.at[0] >> 4;
}

static bool is_way_of(const struct live_way *way, struct span packet)
{
	if (way->family != family_of(packet))
		return false;
	return way->family == 4 ? !memcmp(way->ends, packet.at + 12, 8)
				: !memcmp(way->ends, packet.at + 8, 32);
}

static struct live_way *find_way(struct live_frames *frames, struct span packet)
{
	for (size_t i = 0; i < LIVE_FRAMES_WAYS; i++)
		if (is_way_of(&frames->way[i], packet))
			return &frames->way[i];
	return NULL;
}

/* The place of one that is used no more; NULL: all are. */
static struct live_way *new_way(struct live_frames *frames, int64_t now_ns, struct span packet)
{
	struct live_way *way = frames->way;

	for (size_t i = 1; i < LIVE_FRAMES_WAYS && way->family; i++)
		if (!frames->way[i].family || frames->way[i].asked_ns < way->asked_ns)
			way = &frames->way[i];
	if (way->family && now_ns - way->asked_ns <= 2 * KNOWN_NS)
		return NULL;
	*way = (struct live_way){.family = family_of(packet)};
	if (way->family == 4)
		memcpy(way->ends, packet.at + 12, 8);
	else
		memcpy(way->ends, packet.at + 8, 32);
	return way;
}

struct outgoing {
	struct mmsghdr message[LIVE_INJECT_BATCH];
	struct iovec part[LIVE_INJECT_BATCH][2];
	struct sockaddr_ll to[LIVE_INJECT_BATCH];
};

static void put_one(struct outgoing *o, unsigned i, struct live_way *way, struct span packet)
{
	o->part[i][0] = (struct iovec){way->link, sizeof(way->link)};
	o->part[i][1] = (struct iovec){.iov_len = packet.len};
	memcpy(&o->part[i][1].iov_base, &packet.at, sizeof(packet.at)); /* iovec knows no const */
	o->to[i] = (struct sockaddr_ll){
	    .sll_family = AF_PACKET,
	    .sll_protocol = htons(way->family == 4 ? ETH_P_IP : ETH_P_IPV6),
	    .sll_ifindex = way->device,
	};
	o->message[i].msg_hdr = (struct msghdr){.msg_name = &o->to[i],
						.msg_namelen = sizeof(o->to[i]),
						.msg_iov = o->part[i],
						.msg_iovlen = 2};
}

unsigned live_frames_send(struct live_frames *frames, int64_t now_ns, const struct span *packets,
			  unsigned count)
{
	struct live_way *way = NULL;
	struct outgoing o;
	unsigned n;
	int sent;

	for (n = 0; n < count && n < LIVE_INJECT_BATCH; n++) {
		if (!way || !is_way_of(way, packets[n]))
			way = find_way(frames, packets[n]);
		if (!way || !way->known || now_ns - way->asked_ns > KNOWN_NS)
			break;
		put_one(&o, n, way, packets[n]);
	}
	sent = n ? sendmmsg(frames->fd, o.message, n, 0) : 0;
	if (sent < 0 && errno != EAGAIN && errno != ENOBUFS && errno != EINTR)
		find_way(frames, packets[0])->known = false;
	return sent > 0 ? (unsigned)sent : 0;
}

/* Bound once there is bulk to send; what is not waited for is not heard. */
static bool listen_outgoing(struct live_frames *frames, bool on)
{
	struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
	int off = !on;

	if (setsockopt(frames->fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &off, sizeof(off)))
		return false;
	if (!frames->bound && !bind(frames->fd, (struct sockaddr *)&at, sizeof(at)))
		frames->bound = true;
	return frames->bound;
}

bool live_frames_watch(struct live_frames *frames, int64_t now_ns, struct span packet)
{
	struct live_way *way = frames->fd < 0 ? NULL : find_way(frames, packet);

	if (frames->fd < 0 || packet.len > FRAME_MAX - LIVE_FRAMES_LINK ||
	    (way && now_ns - way->asked_ns <= (way->known ? KNOWN_NS : UNKNOWN_NS)))
		return false;
	if (!way && !(way = new_way(frames, now_ns, packet)))
		return false;
	way->known = false;
	way->asked_ns = now_ns;
	return listen_outgoing(frames, true);
}

struct seen {
	uint8_t octets[FRAME_MAX];
	struct sockaddr_ll from;
	size_t len, link; /* of the frame, and of its link-layer header */
};

static size_t link_of(struct msghdr *message)
{
	struct tpacket_auxdata aux;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
		if (c->cmsg_level != SOL_PACKET || c->cmsg_type != PACKET_AUXDATA)
			continue;
		memcpy(&aux, CMSG_DATA(c), sizeof(aux));
		return aux.tp_net;
	}
	return SIZE_MAX;
}

static bool see(int fd, struct seen *seen)
{
	union {
		struct cmsghdr align;
		char octets[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
	} control;
	struct iovec part = {seen->octets, sizeof(seen->octets)};
	struct msghdr message = {.msg_name = &seen->from,
				 .msg_namelen = sizeof(seen->from),
				 .msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = &control,
				 .msg_controllen = sizeof(control)};
	ssize_t got = recvmsg(fd, &message, 0);

	seen->len = got > 0 ? (size_t)got : 0;
	seen->link = link_of(&message);
	return got >= 0;
}

static bool is_as_given(const struct seen *seen, struct span packet)
{
	return seen->from.sll_pkttype == PACKET_OUTGOING && seen->from.sll_hatype == ARPHRD_ETHER &&
	       seen->link == LIVE_FRAMES_LINK && seen->len == LIVE_FRAMES_LINK + packet.len &&
	       !memcmp(seen->octets + LIVE_FRAMES_LINK, packet.at, packet.len);
}

/* The first device that it is given to: those below (of a bridge, a VLAN) are that one's. */
void live_frames_learn(struct live_frames *frames, struct span packet)
{
	struct live_way *way = find_way(frames, packet);
	struct seen seen;

	listen_outgoing(frames, false);
	for (int i = 0; i < SEEN_MAX && see(frames->fd, &seen); i++) {
		if (way->known || !is_as_given(&seen, packet))
			continue;
		way->known = true;
		way->device = seen.from.sll_ifindex;
		memcpy(way->link, seen.octets, sizeof(way->link));
	}
}

void live_frames_close(struct live_frames *frames)
{
	if (frames->fd >= 0)
		close(frames->fd);
	*frames = (struct live_frames){.fd = -1};
}
