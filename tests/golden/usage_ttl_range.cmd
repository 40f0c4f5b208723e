mboxtrace -m 300 example.net
