mboxtrace --connect --mirror --lab tests/golden/mirror_add_addr.lua
