mboxtrace serve 8080 eat
