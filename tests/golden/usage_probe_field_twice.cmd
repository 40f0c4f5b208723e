mboxtrace -P 'IP/TCP{dst=443,dst=444}' example.net
