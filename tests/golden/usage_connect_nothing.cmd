mboxtrace connect
