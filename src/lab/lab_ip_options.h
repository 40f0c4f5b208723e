/* What IPv4 options and IPv6 extension headers make routers and hosts of the lab do, as Linux does:
 * routers count in a full timestamp option, and answer with a parameter problem when its counter is
 * full; a host does too, and answers an unknown destination option whose type asks for that. */
#ifndef MBOXTRACE_LAB_LAB_IP_OPTIONS_H
#define MBOXTRACE_LAB_LAB_IP_OPTIONS_H

#include "packet/packet.h"

/* Does the packet deserve a parameter problem here? A timestamp option is counted up in `octets`,
 * of which `p` is the parsed view. `host`: it is for us. */
bool lab_ip_options_bad(uint8_t *octets, const struct packet *p, bool host);

#endif
