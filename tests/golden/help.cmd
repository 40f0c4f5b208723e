mboxtrace --help
