mboxtrace --connect -P 'IP/TCP{dst=443}' example.net
