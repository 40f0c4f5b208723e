mboxtrace 224.0.0.1
