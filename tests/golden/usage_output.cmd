mboxtrace -o tests/golden/missing/out --lab lua/scenarios/demo.lua
