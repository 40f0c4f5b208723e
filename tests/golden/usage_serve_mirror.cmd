mboxtrace serve --mirror 8080 discard
