mboxtrace connect --help
