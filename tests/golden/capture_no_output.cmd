# The capture file must not get the number of the closed descriptor.
pcap=$(mktemp)
mboxtrace --lab lua/scenarios/demo.lua --pcap "$pcap" >&-
status=$?
grep -c 'mboxtrace to' "$pcap"
rm -f "$pcap"
(exit $status)
