mboxtrace --help >&-
