mboxtrace --lab lua/scenarios/demo.lua -P 'IP{dst=203.0.113.81}/TCP{dst=443}'
