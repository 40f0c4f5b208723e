for seed in $(seq 1 50); do
	mboxtrace connect --check --lab tests/golden/lossy_drop.lua --seed "$seed" >/dev/null 2>&1
	echo "exit status $?"
done | sort | uniq -c
