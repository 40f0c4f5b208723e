mboxtrace -P 'IP/TCP{dts=443}' example.net
