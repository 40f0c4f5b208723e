mboxtrace connect -o - example.net 80
