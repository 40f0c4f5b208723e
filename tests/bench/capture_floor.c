/* What opening and closing a capture costs by itself, which no program that captures can avoid.
 * usage: capture_floor DEVICE
 *
 * Prints the median of a few rounds: "open_us=10250 close_us=24100". */
#include <pcap/pcap.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "util/time.h"

#define ROUNDS 9

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * NS_PER_S + t.tv_nsec;
}

static int later(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static pcap_t *open_capture(const char *device)
{
	char error[PCAP_ERRBUF_SIZE];
	pcap_t *capture = pcap_create(device, error);

	if (!capture || pcap_set_immediate_mode(capture, 1) != 0 ||
	    pcap_set_snaplen(capture, 2048) != 0 || pcap_activate(capture) < 0) {
		fprintf(stderr, "capture_floor: %s\n", capture ? pcap_geterr(capture) : error);
		exit(1);
	}
	return capture;
}

int main(int argc, char **argv)
{
	int64_t opening[ROUNDS], closing[ROUNDS];

	if (argc != 2) {
		fprintf(stderr, "usage: capture_floor DEVICE\n");
		return 2;
	}
	for (int i = 0; i < ROUNDS; i++) {
		int64_t start = now_ns(), opened;
		pcap_t *capture = open_capture(argv[1]);

		opened = now_ns();
		pcap_close(capture);
		opening[i] = opened - start;
		closing[i] = now_ns() - opened;
	}
	qsort(opening, ROUNDS, sizeof(opening[0]), later);
	qsort(closing, ROUNDS, sizeof(closing[0]), later);
	printf("open_us=%lld close_us=%lld\n", (long long)(opening[ROUNDS / 2] / NS_PER_US),
	       (long long)(closing[ROUNDS / 2] / NS_PER_US));
	return 0;
}
