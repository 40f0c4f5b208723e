connect() {
	seq 300000 | mboxtrace connect --lab lua/scenarios/connect-two-paths.lua -o /dev/fd/3 2>/dev/null
}
slow() {
	{ connect | { sleep 0.3 && cksum; }; } 3>&1
}
fast() {
	{ connect | cksum; } 3>&1
}
through "sed -n 's/.*\(\"elapsed_us\":[0-9]*\).*/\1/p; /^[0-9]/p' | sort" slow
through "sed -n 's/.*\(\"elapsed_us\":[0-9]*\).*/\1/p; /^[0-9]/p' | sort" fast
