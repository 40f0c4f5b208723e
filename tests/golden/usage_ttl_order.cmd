mboxtrace example.net -f 9 -m 5
