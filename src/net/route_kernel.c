#include "net/route_kernel.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct request {
	struct nlmsghdr head;
	struct rtmsg route;
	char attributes[64];
};

static void put_attribute(struct request *r, unsigned short type, const void *value, size_t len)
{
	struct rtattr attribute = {.rta_type = type, .rta_len = (unsigned short)RTA_LENGTH(len)};
	char *at = (char *)r + NLMSG_ALIGN(r->head.nlmsg_len);

	memcpy(at, &attribute, sizeof(attribute));
	memcpy(at + RTA_LENGTH(0), value, len);
	r->head.nlmsg_len = NLMSG_ALIGN(r->head.nlmsg_len) + (unsigned)RTA_ALIGN(RTA_LENGTH(len));
}

static void put_address(struct request *r, unsigned short type, const struct ip_addr *addr)
{
	put_attribute(r, type, addr->octets, addr->family == 4 ? 4 : 16);
}

static struct request request_for(const struct ip_addr *target, const struct ip_addr *source,
				  unsigned device)
{
	unsigned char bits = target->family == 4 ? 32 : 128;
	struct request r = {
	    .head = {.nlmsg_len = NLMSG_LENGTH(sizeof(struct rtmsg)),
		     .nlmsg_type = RTM_GETROUTE,
		     .nlmsg_flags = NLM_F_REQUEST},
	    .route = {.rtm_family = target->family == 4 ? AF_INET : AF_INET6,
		      .rtm_dst_len = bits,
		      .rtm_src_len = source->family ? bits : 0},
	};

	put_address(&r, RTA_DST, target);
	if (source->family)
		put_address(&r, RTA_SRC, source);
	if (device)
		put_attribute(&r, RTA_OIF, &device, sizeof(device));
	return r;
}

/* The outgoing interface in an answer; 0 if it is an error or has none. */
static unsigned answer_device(const char *octets, size_t len)
{
	struct nlmsghdr head;
	struct rtattr attribute;
	unsigned device = 0;
	size_t at = NLMSG_LENGTH(sizeof(struct rtmsg));

	if (len < at)
		return 0;
	memcpy(&head, octets, sizeof(head));
	if (head.nlmsg_type != RTM_NEWROUTE)
		return 0;
	for (; at + sizeof(attribute) <= len; at += RTA_ALIGN(attribute.rta_len)) {
		memcpy(&attribute, octets + at, sizeof(attribute));
		if (attribute.rta_len < sizeof(attribute) || attribute.rta_len > len - at)
			return 0;
		if (attribute.rta_type == RTA_OIF &&
		    attribute.rta_len == RTA_LENGTH(sizeof(device)))
			memcpy(&device, octets + at + RTA_LENGTH(0), sizeof(device));
	}
	return device;
}

unsigned route_kernel_device(const struct ip_addr *target, const struct ip_addr *source,
			     unsigned device)
{
	struct request r = request_for(target, source, device);
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	char answer[1024];
	ssize_t len = -1;

	if (fd < 0)
		return 0;
	if (send(fd, &r, r.head.nlmsg_len, 0) == (ssize_t)r.head.nlmsg_len)
		len = recv(fd, answer, sizeof(answer), 0);
	close(fd);
	return len < 0 ? 0 : answer_device(answer, (size_t)len);
}
