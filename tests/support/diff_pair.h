/* Two packets in the notation, compared, and the outcome as text. */
#ifndef MBOXTRACE_TESTS_SUPPORT_DIFF_PAIR_H
#define MBOXTRACE_TESTS_SUPPORT_DIFF_PAIR_H

#include "packet/diff.h"
#include "packet/notation.h"

#define ALL SIZE_MAX

#define IP_   "IP{src=192.0.2.7,dst=203.0.113.80,id=0x1234,dscp=0x0a,ttl=9}"
#define TCP_  "/TCP{src=40001,dst=443,seq=1000}"
#define PROBE IP_ TCP_ "/MSS(1460)/SACKP/TS(1,0)/WS(7)/MPCAPABLE{v=1}"

/* Both sides of a comparison; `quote` may be spoilt before it is compared. */
struct pair {
	struct notation sent, seen;
	struct packet was, is;
	struct diff d;
};

void diff_make(struct notation *n, const char *text);
void pair_make(struct pair *p, const char *sent, const char *seen);
/* Compares, with the quote cut behind so many octets. */
void pair_diff(struct pair *p, size_t cut);
/* All changes, one a line. */
void pair_says(const struct pair *p, const char *expected);
/* Both packets whole, and nothing wrong with the checksums. */
void differs(const char *sent, const char *seen, const char *expected);

#endif
