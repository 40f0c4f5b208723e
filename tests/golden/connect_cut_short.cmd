through 'jq -c "select(.type == \"connection\") | [.outcome, .sent, .intact, .verdict]"' mboxtrace connect --check --data /etc/hostname --lab tests/golden/half_lost.lua --seed 90 -w 3600 -o -
