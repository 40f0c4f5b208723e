# Traced from inside a connection through the lab's boxes, with real routers around them and the
# kernel's MPTCP at the other end.

box_clean() {
	lab_box mid 3 strip kind=200
	inside "$1"
	status_is 0
	is '.verdict == "clean" and .findings == [] and .path_length == 7'
	is '.inside.tested and .inside.fallback == null'
}

box_strip() {
	lab_box mid 3 strip kind=mptcp segments=nonsyn direction=forward
	inside "$1"
	status_is 1
	located dss removed 3 4
}

for family in 4 6; do
	run_case "inside a box: nothing, IPv$family" box_clean $family
	run_case "inside a box: strip, IPv$family" box_strip $family
done
