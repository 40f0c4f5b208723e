mboxtrace serve -h
