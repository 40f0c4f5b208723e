through 'jq -c "select(.type == \"connection\") | [.outcome, .sent, .intact, .verdict]"' mboxtrace connect --check --data LICENSE --lab tests/golden/half_lost.lua --seed 10 -w 3600 -o -
