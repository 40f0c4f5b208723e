mboxtrace connect --lab lua/scenarios/connect-two-paths.lua --check -o /dev/full
