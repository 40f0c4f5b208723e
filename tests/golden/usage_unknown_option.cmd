mboxtrace --jason example.net
