/* A host behind a TUN device: tun_echo DEVICE creates it, prints "ready" and refuses every
 * TCP/IPv4 packet without IP options: addresses and ports swapped, flags RST and ACK. */
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static void swap(uint8_t *a, uint8_t *b, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		uint8_t kept = a[i];

		a[i] = b[i];
		b[i] = kept;
	}
}

/* RFC 1624: the checksum follows the one word that changes its value. */
static void set_flags(uint8_t *tcp, uint8_t flags)
{
	uint32_t sum = (uint16_t) ~(tcp[16] << 8 | tcp[17]);

	sum += (uint16_t) ~(tcp[12] << 8 | tcp[13]) + (uint32_t)(tcp[12] << 8 | flags);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	tcp[13] = flags;
	tcp[16] = (uint8_t)(~sum >> 8);
	tcp[17] = (uint8_t)~sum;
}

int main(int argc, char **argv)
{
	struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};
	int fd = open("/dev/net/tun", O_RDWR);
	uint8_t p[2048];
	ssize_t len;

	if (argc != 2 || fd < 0)
		return 1;
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", argv[1]);
	if (ioctl(fd, TUNSETIFF, &request))
		return 1;
	puts("ready");
	fflush(stdout);
	while ((len = read(fd, p, sizeof(p))) > 0) {
		if (len < 40 || p[0] != 0x45 || p[9] != 6)
			continue;
		swap(p + 12, p + 16, 4);
		swap(p + 20, p + 22, 2);
		set_flags(p + 20, 0x14);
		if (write(fd, p, (size_t)len) != len)
			return 1;
	}
	return 0;
}
