for seed in $(seq 1 220); do
	mboxtrace connect --check --lab tests/golden/half_lost.lua --seed "$seed" >/dev/null 2>&1
	echo "exit status $?"
done | sort | uniq -c
