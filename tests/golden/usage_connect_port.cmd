mboxtrace connect example.net http
