mboxtrace ''
