through "jq -c 'select(.type == \"trace\") | .findings, (.paths[] | del(.probes, .hops)), [.paths[].hops[] | [.ttl, .replies[0].from]]'" mboxtrace --json --lab lua/scenarios/inside-local-dropped.lua
