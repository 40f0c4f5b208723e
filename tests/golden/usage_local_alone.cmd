mboxtrace --local 192.0.2.7 --local 192.0.3.7 example.net
