mboxtrace connect --pm best example.net 80
