mboxtrace -p 80 -P 'IP/TCP{dst=443}' example.net
