/* A scenario file of any octets: it loads, or says in one line why not; what loads can be traced
 * through. */
#include <stdlib.h>
#include <string.h>

#include "script/scenario.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* IP 192.0.2.7.40001 > 203.0.113.80.443: Flags [S], seq 1, win 65535, options [mss 1460,sackOK,eol]
 */
static void walk(struct lab *lab)
{
	static const uint8_t syn[] = {0x45, 0, 0, 48, 0,   1, 0,   0,	 8,    6,    0,	   0,
				      192,  0, 2, 7,  203, 0, 113, 80,	 0x9c, 0x41, 0x01, 0xbb,
				      0,    0, 0, 1,  0,   0, 0,   0,	 0x70, 0x02, 0xff, 0xff,
				      0,    0, 0, 0,  2,   4, 5,   0xb4, 4,    2,    0,	   0};
	struct net *net = lab_net(lab);
	uint8_t octets[sizeof(syn)];

	memcpy(octets, syn, sizeof(syn));
	packet_fix_checksums(octets, sizeof(octets));
	net_send(net, span_of(octets, sizeof(octets)), NULL);
	net_close(net);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error err = {0};
	struct scenario s;

	if (scenario_load_text(&s, "fuzz.lua", span_of(data, size), 1, &err)) {
		if (!err.text[0] || strchr(err.text, '\n'))
			abort();
		return 0;
	}
	walk(s.lab);
	scenario_fini(&s);
	return 0;
}
