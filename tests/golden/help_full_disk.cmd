mboxtrace --help >/dev/full
