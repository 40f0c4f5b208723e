mboxtrace -4 -P 'IPV6/TCP' 2001:db8::1
