#include "net/live_addrs.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int live_addrs_open(struct error *err)
{
	struct sockaddr_nl at = {.nl_family = AF_NETLINK,
				 .nl_groups = RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);

	if (fd >= 0 && !bind(fd, (struct sockaddr *)&at, sizeof(at)))
		return fd;
	error_set(err, ERR_DEVICE, "live: cannot watch the addresses of this host: %s",
		  strerror(errno));
	if (fd >= 0)
		close(fd);
	return ERR_DEVICE;
}

/* On links between two hosts IFA_ADDRESS is the other end's. */
static bool read_addr(const struct nlmsghdr *message, struct ip_addr *out)
{
	struct ifaddrmsg *head = NLMSG_DATA(message);
	size_t octets = head->ifa_family == AF_INET ? 4 : 16;
	int len = (int)IFA_PAYLOAD(message);

	if (head->ifa_family != AF_INET && head->ifa_family != AF_INET6)
		return false;
	*out = (struct ip_addr){0};
	for (struct rtattr *at = IFA_RTA(head); RTA_OK(at, len); at = RTA_NEXT(at, len)) {
		bool local = at->rta_type == IFA_LOCAL;

		if ((!local && at->rta_type != IFA_ADDRESS) || RTA_PAYLOAD(at) < octets ||
		    (!local && out->family))
			continue;
		out->family = octets == 4 ? 4 : 6;
		memcpy(out->octets, RTA_DATA(at), octets);
	}
	return out->family != 0;
}

/* An address that is still being checked for duplicates is not there yet. */
static bool read_change(const struct nlmsghdr *message, struct ip_addr *addr, bool *came)
{
	const struct ifaddrmsg *head = NLMSG_DATA(message);

	if ((message->nlmsg_type != RTM_NEWADDR && message->nlmsg_type != RTM_DELADDR) ||
	    message->nlmsg_len < NLMSG_LENGTH(sizeof(*head)))
		return false;
	*came = message->nlmsg_type == RTM_NEWADDR;
	return !(*came && head->ifa_flags & IFA_F_TENTATIVE) && read_addr(message, addr);
}

/* The kernel multicasts them one a datagram. */
bool live_addrs_next(int fd, struct ip_addr *addr, bool *came)
{
	_Alignas(struct nlmsghdr) char octets[4096];
	struct nlmsghdr *message = (struct nlmsghdr *)octets;
	ssize_t got;

	while ((got = recv(fd, octets, sizeof(octets), MSG_DONTWAIT)) >= 0 || errno == ENOBUFS)
		if (got > 0 && NLMSG_OK(message, (size_t)got) && read_change(message, addr, came))
			return true;
	return false;
}
