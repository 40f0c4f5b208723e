mboxtrace --lab lua/scenarios/demo.lua -P 'IP{dst=203.0.113.80,src=192.0.2.8}/TCP{dst=443}'
