mboxtrace serve 8080 send /nonexistent
