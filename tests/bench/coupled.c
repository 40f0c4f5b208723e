/* What coupled congestion control makes of bottlenecks: whole endpoints over the lab, in virtual
 * time. Exit status 1: a bar is missed. */
#include <stdbool.h>
#include <stdio.h>

#include "support/contest.h"
#include "util/time.h"

#define SEEDS  3
#define SKIP_S 15
#define FOR_S  60
#define M      1000000

static const char *const coupled[] = {"lia", "olia", "balia"};

/* Queues of half of what the path holds, and of all of it. */
static const struct contest_link shared[] = {
    {10 * M, 20 * NS_PER_MS, 16},
    {20 * M, 50 * NS_PER_MS, 41},
    {20 * M, 50 * NS_PER_MS, 83},
};

static const struct contest_link near = {10 * M, 10 * NS_PER_MS, 20},
				 far = {10 * M, 100 * NS_PER_MS, 84};

static bool verdict(bool met)
{
	printf("  %s\n", met ? "met" : "MISSED");
	return met;
}

static bool bottleneck(const char *cc, const struct contest_link *link)
{
	double sum = 0;

	for (uint64_t seed = 1; seed <= SEEDS; seed++)
		sum += contest_share(cc, link, SKIP_S * NS_PER_S, FOR_S * NS_PER_S, seed);
	printf("  %-6s %3u Mbit/s %3u ms %3u packets %6.2f", cc, (unsigned)(link->rate_bps / M),
	       (unsigned)(link->rtt_ns / NS_PER_MS), link->queue_packets, sum / SEEDS);
	return verdict(sum / SEEDS <= 1.2);
}

static double rate(const char *cc, uint32_t buffer, bool alone, bool far_first)
{
	struct contest_paths paths = {.count = alone ? 1 : 2,
				      .link = {far_first ? far : near, far_first ? near : far},
				      .cc = cc,
				      .receive_buffer = buffer};

	return contest_rate(&paths, SKIP_S * NS_PER_S, FOR_S * NS_PER_S, 1);
}

static bool disjoint(const char *cc, bool far_first)
{
	double part = rate(cc, 0, false, far_first) * 8 / (double)(near.rate_bps + far.rate_bps);

	printf("  %-6s opened over the %-10s %26.2f", cc, far_first ? "100 ms one" : "10 ms one",
	       part);
	return verdict(part >= 0.85);
}

/* The better path alone: with this window it is the one of the shorter round trip. */
static bool windowed(const char *cc, const struct contest_link *link, bool far_first)
{
	uint32_t window = (uint32_t)((int64_t)link->rate_bps / 8 * link->rtt_ns / NS_PER_S);
	double both = rate(cc, window, false, far_first), one = rate(cc, window, true, false);

	printf("  %-6s window %6u, opened over the %-10s %12.3f", cc, window,
	       far_first ? "100 ms one" : "10 ms one", both / one);
	return verdict(both / one >= 0.995);
}

int main(void)
{
	bool met = true;

	printf("shared bottleneck: two subflows beside one TCP, multiples of half (at most 1.2)\n");
	for (size_t i = 0; i < 3; i++)
		for (size_t n = 0; n < sizeof(shared) / sizeof(*shared); n++)
			met &= bottleneck(coupled[i], &shared[n]);
	printf("two paths of 10 Mbit/s, 10 and 100 ms: the stream's part of their sum (at least "
	       "0.85)\n");
	for (size_t i = 0; i < 3; i++)
		for (int far_first = 0; far_first < 2; far_first++)
			met &= disjoint(coupled[i], far_first);
	printf("the same with a receive window of one path's BDP, by the better path alone (at "
	       "least 1)\n");
	for (size_t i = 0; i < 3; i++)
		for (int far_first = 0; far_first < 2; far_first++) {
			met &= windowed(coupled[i], &near, far_first);
			met &= windowed(coupled[i], &far, far_first);
		}
	return !met;
}
