mboxtrace -n
