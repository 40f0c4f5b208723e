mboxtrace connect --check --lab lua/scenarios/target-closed-port.lua
