mboxtrace -v --connect --lab lua/scenarios/inside-drop-add-addr.lua
