mboxtrace --lab lua/scenarios/ecn-bleach.lua -P 'IP{ecn=2}/TCP{dst=443}/MSS(1460)'
