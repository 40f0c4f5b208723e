mboxtrace connect --check -w 2 --lab lua/scenarios/mirror-on-path.lua
