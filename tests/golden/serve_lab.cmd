mboxtrace serve --lab lua/scenarios/connect-two-paths.lua --clients 3 8080 && mboxtrace serve --lab lua/scenarios/inside-strip-remove.lua 443
