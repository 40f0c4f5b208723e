mboxtrace --lab tests/golden/missing.lua
