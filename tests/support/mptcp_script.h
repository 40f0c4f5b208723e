/* Scenarios in the manner of packetdrill: segments in and out of one endpoint, with times, its peer
 * being the script. A file has any number of them:
 *
 *   == MP_CAPABLE v1 with data           a scenario; `client` or `server` and settings follow
 *   client checksum
 *   0 > S /MPCAPABLE{v=1}                at 0 ms the endpoint sends this
 *   10 < SA 0 1 /MSS(1460)/MPCAPABLE{v=1,skey=$pk}       at 10 ms its peer does
 *   10 > A 1 1 /MPCAPABLE{v=1,skey=$mk,rkey=$pk}
 *   10 write hello
 *
 * A packet is `FLAGS [SEQ [ACK]] [win=N…] [/OPTIONS]` in the probe notation (packet/notation.h);
 * numbers are relative to the ISNs. `>2` and `<2` are of the second subflow. A block of lines that
 * begins with `= NAME`, in this file or in common.blocks beside it, is played where `use NAME`
 * stands. `#` begins a comment line.
 *
 *   silent            nothing is sent up to this time
 *   skip              whatever is sent up to this time is not looked at
 *   write TEXT        read TEXT (exactly; maybe nothing)        end (of the stream is read)
 *   shut  fastclose   backup (the first subflow becomes one)    remove (our address 1)
 *   outcome mptcp     fallback STAGE [REASON] (as conn_info has them; none: there was no fallback)
 *   swapped           a checksum that failed would fit with its octets swapped
 *   closed N          the second subflow was reset with reason N
 *   answered HOW      its MP_JOIN was: well, without one, copied, foreign
 *   misfit WHOSE      the checksum that ended it: none, ours, peers
 *   towards ADDR      it goes there
 *
 * Settings: v0 checksum refuse-checksum no-join-here cookies dsn4 idsn=N scheduler=NAME pm=fullmesh
 * two-addresses (and fullmesh; a server announces the second, with port=N if there is one).
 *
 *   $mk $pk      the endpoint's key, the peer's
 *   $md+N $pd+N  a data sequence number: N behind the IDSN of the endpoint, of the peer; $md4 $pd4
 *                its lower half
 *   $mt $pt      the endpoint's token; the peer's
 *   $mn $pn      the nonces of the join: the endpoint's, the peer's (0x11223344)
 *   $mh $ph      HMACs of the join: the endpoint's, the peer's (as many octets as fit)
 *   $ah $oh      HMAC of the peer's ADD_ADDR {id 5, 10.0.1.9}, $ah(ADDR) of another; of ours
 *                {id 1, 10.0.0.2}
 *   $ok          the DSS checksum of the mapping and payload that it stands beside; $ok(octets): of
 *                the mapping and these octets; $ok~ is the former with its octets swapped
 *
 * Packets that leave are compared in flags, numbers, payload and MPTCP options, and in their window
 * where the script has one. No two joins of the endpoint may have the same nonce. */
#ifndef MBOXTRACE_TESTS_SUPPORT_MPTCP_SCRIPT_H
#define MBOXTRACE_TESTS_SUPPORT_MPTCP_SCRIPT_H

/* Plays all of a file; says on stderr what went wrong. How many failed? */
unsigned script_play(const char *path, unsigned *played);

#endif
