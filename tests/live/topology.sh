# Paths of network namespaces: client - r1 - … - rN - server.
#
#   path NAME ID N     builds NAME-c, NAME-r1 … NAME-rN, NAME-s, for IPv4 and IPv6 at once;
#                      link i lies between hop i and hop i+1 (the client is hop 0):
#                      10.ID.i.1 and fd00:ID:1i::1 on its left, .2 and ::2 on its right
#   duo NAME ID        builds NAME-c and NAME-s with two links between them, p1 and p2:
#                      10.ID.i.1 and fd00:ID:i::1 are the client's ends, .2 and ::2 the server's
#   fork NAME ID       builds NAME-c with two uplinks to NAME-s and no rules about them: over NAME-a1
#                      and -a2, and over NAME-b1, -b2 and -b3; 10.ID.10.1 and fd00:ID:10::1 are the
#                      client's ends of the first, 10.ID.20.1 and fd00:ID:20::1 those of the second,
#                      10.ID.99.1 and fd00:ID:99::1 the server
#   serve NAME         starts the servers: MPTCP on 443, plain TCP on 80
#   within NS COMMAND… runs a command there
#   rules NS           loads nft chains (standard input) there, for this case only
#   lab_box NAME K BOX KEY=VALUE…   one of the lab's boxes on the link between hop K and hop K+1, for
#                      this case only; `forward` leads to the server
#   server NAME FAMILY its address;  router NAME FAMILY K: the one router K answers with
#
# Everything lies in the mount, network and process namespaces of one `unshare` (see run): when
# that ends, however it ends, the kernel takes all of it down.

within() {
	local ns=$1
	shift
	nsenter --net="/run/netns/$ns" -- "$@"
}

# The namespaces of a path, in order.
nodes() {
	echo "$1-c $(seq -f "$1-r%g" "$2") $1-s"
}

# ip commands for the links between the namespaces given: "r" leads right, "l" left.
link_commands() {
	local left=
	for ns in "$@"; do
		[ -z "$left" ] || echo "link add r netns $left type veth peer name l netns $ns"
		left=$ns
	done
}

# ip commands that set up node K of path ID with N routers (the server is node N+1).
node_commands() {
	local id=$1 n=$2 k=$3 left=$(($3 - 1)) dev
	for dev in lo l r; do
		[ $dev$k = l0 ] || [ $dev$k = "r$((n + 1))" ] || echo "link set dev $dev up"
	done
	[ "$k" -gt "$n" ] || echo "addr add 10.$id.$k.1/24 dev r
addr add fd00:$id:1$k::1/64 dev r nodad"
	[ "$k" -eq 0 ] || echo "addr add 10.$id.$left.2/24 dev l
addr add fd00:$id:1$left::2/64 dev l nodad
route add default via 10.$id.$left.1
route add default via fd00:$id:1$left::1"
	[ "$k" -gt 0 ] || echo "route add default via 10.$id.0.2
route add default via fd00:$id:10::2"
	[ "$k" -lt 1 ] || [ "$k" -ge "$n" ] || echo "route add 10.$id.$n.0/24 via 10.$id.$k.2
route add fd00:$id:1$n::/64 via fd00:$id:1$k::2"
}

# Routers forward, and answer every probe: only some cases are about rate limits.
limits() {
	within "$1" sh -c "echo $2 >/proc/sys/net/ipv4/icmp_ratelimit
		echo $2 >/proc/sys/net/ipv6/icmp/ratelimit"
}

# Addresses are there at once.
no_dad() {
	within "$1" sh -c 'echo 0 >/proc/sys/net/ipv6/conf/default/accept_dad'
}

forwarding() {
	within "$1" sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward
		echo 1 >/proc/sys/net/ipv6/conf/all/forwarding'
}

path() {
	local name=$1 id=$2 n=$3 k=0 ns
	for ns in $(nodes "$name" "$n"); do
		ip netns add "$ns" || return 1
		limits "$ns" 0
		no_dad "$ns"
	done
	# shellcheck disable=SC2046
	link_commands $(nodes "$name" "$n") | ip -batch - || return 1
	for ns in $(nodes "$name" "$n"); do
		node_commands "$id" "$n" $k | ip -n "$ns" -batch - || return 1
		case $ns in *-r*) forwarding "$ns" ;; esac
		k=$((k + 1))
	done
	# shellcheck disable=SC2046
	links_up $(nodes "$name" "$n")
	within "$name-s" ethtool -K l tx off >/dev/null 2>&1 || true # checksums as on a wire
	eval "id_$name=$id n_$name=$n"
}

serve() {
	within "$1-s" "$SERVER" m443 80 >"$TMP/server-$1" 2>&1 &
	await "$TMP/server-$1" ready
}

# A device takes packets a moment after its other end is up.
links_up() {
	local ns
	for ns; do
		wait_until no_link_down "$ns"
	done
}

no_link_down() {
	ip -n "$1" -j link | jq -e 'map(select(.flags | index("UP"))) | all(.operstate != "DOWN" and .operstate != "LOWERLAYERDOWN")'
}

rules() {
	local ns=$1
	RULED="$RULED $ns"
	{ echo "table inet box {" && cat && echo "}"; } | within "$ns" nft -f -
}

# As the kernel comes, for this case only: six errors at once, then one a second (IPv4) for each
# that asks.
default_limits() {
	local ns
	for ns in $(nodes "$1" "$2"); do
		limits "$ns" 1000
		RULED="$RULED $ns"
	done
}

# Node K of path NAME.
node() {
	local n
	eval "n=\$n_$1"
	case $2 in 0) echo "$1-c" ;; $((n + 1))) echo "$1-s" ;; *) echo "$1-r$2" ;; esac
}

# node_route NS TO FROM: through the box, with FROM as the node's own address.
node_route() {
	case $2 in
	*:*) within "$1" ip -6 route add "$2/128" dev box src "$3" ;;
	*) within "$1" ip route add "$2/32" dev box src "$3" ;;
	esac
}

# Routes to the hosts at the ends lead through the box as long as its devices are there.
lab_box() {
	local path=$1 k=$2 family near far
	near=$(node "$path" "$k") far=$(node "$path" $((k + 1)))
	shift 2
	rm -f "$TMP/box"
	"$TUN_BOX" "/run/netns/$near" "/run/netns/$far" box "$@" >"$TMP/box" 2>&1 &
	BOXES="$BOXES $!"
	await "$TMP/box" ready
	ip -n "$near" link set box up
	ip -n "$far" link set box up
	for family in 4 6; do
		node_route "$near" "$(server "$path" $family)" "$(router "$path" $family "$k")"
		node_route "$far" "$(client_of "$path" $family)" "$(right_end "$path" $family "$k")"
	done
}

# What a case put on paths.
forget_rules() {
	local ns pid
	for pid in $BOXES; do
		kill "$pid" && wait "$pid" 2>/dev/null || true
	done
	for ns in $RULED; do
		within "$ns" nft flush ruleset
		limits "$ns" 0
	done
	RULED='' BOXES=''
}

# The address of the client of path NAME.
client_of() {
	local id
	eval "id=\$id_$1"
	[ "$2" = 4 ] && echo "10.$id.0.1" || echo "fd00:$id:10::1"
}

# Address "::2" or ".2" of link LINK of path NAME.
right_end() {
	local id
	eval "id=\$id_$1"
	[ "$2" = 4 ] && echo "10.$id.$3.2" || echo "fd00:$id:1$3::2"
}

server() {
	local n
	eval "n=\$n_$1"
	right_end "$1" "$2" "$n"
}

router() {
	right_end "$1" "$2" $(($3 - 1))
}

duo() {
	local name=$1 id=$2 ns i end
	for ns in "$name-c" "$name-s"; do
		ip netns add "$ns" || return 1
		no_dad "$ns"
		ip -n "$ns" link set dev lo up
	done
	for i in 1 2; do
		ip link add p$i netns "$name-c" type veth peer name p$i netns "$name-s" || return 1
		end=1
		for ns in "$name-c" "$name-s"; do
			ip -n "$ns" link set dev p$i up
			ip -n "$ns" addr add 10.$id.$i.$end/24 dev p$i
			ip -n "$ns" addr add fd00:$id:$i::$end/64 dev p$i nodad
			end=2
		done
	done
	links_up "$name-c" "$name-s"
}

# wire ID NET NS DEV NS DEV: a link, .1 and ::1 on its left.
wire() {
	ip link add "$4" netns "$3" type veth peer name "$6" netns "$5" || return 1
	ip -n "$3" addr add "10.$1.$2.1/24" dev "$4"
	ip -n "$3" addr add "fd00:$1:$2::1/64" dev "$4" nodad
	ip -n "$5" addr add "10.$1.$2.2/24" dev "$6"
	ip -n "$5" addr add "fd00:$1:$2::2/64" dev "$6" nodad
	ip -n "$3" link set dev "$4" up
	ip -n "$5" link set dev "$6" up
}

# via ID NS TO NET END [METRIC]: a route for either family, to network TO (or default) via END of NET.
via() {
	local id=$1 ns=$2 to=$3 to6=$3 net=$4 end=$5 metric=${6:-0}
	[ "$to" = default ] || { to=10.$id.$3.0/24 && to6=fd00:$id:$3::/64; }
	ip -n "$ns" route add "$to" via "10.$id.$net.$end" metric "$metric" || return 1
	ip -n "$ns" -6 route add "$to6" via "fd00:$id:$net::$end" metric $((metric + 1))
}

# branch NAME ID NET METRIC ROUTER…: an uplink over these, from device u$NET of the client to d$NET
# of the server.
branch() {
	local name=$1 id=$2 net=$3 first=$3 metric=$4 left=$1-c out=u$3 ns
	shift 4
	for ns in "$@"; do
		wire "$id" "$net" "$left" "$out" "$name-$ns" l || return 1
		[ "$net" = "$first" ] || via "$id" "$name-$ns" "$first" "$net" 1 || return 1
		forwarding "$name-$ns"
		left=$name-$ns out=r net=$((net + 1))
	done
	wire "$id" "$net" "$left" r "$name-s" "d$first" || return 1
	within "$name-s" ethtool -K "d$first" tx off >/dev/null 2>&1 || true # as in `path`
	via "$id" "$name-s" "$first" "$net" 1 && via "$id" "$name-c" default "$first" 2 "$metric" || return 1
	net=$first
	for ns in "$@"; do
		net=$((net + 1))
		via "$id" "$name-$ns" default "$net" 2 || return 1
	done
}

fork() {
	local name=$1 id=$2 ns
	for ns in c a1 a2 b1 b2 b3 s; do
		ip netns add "$name-$ns" || return 1
		limits "$name-$ns" 0
		no_dad "$name-$ns"
		ip -n "$name-$ns" link set lo up
	done
	ip -n "$name-s" addr add "10.$id.99.1/32" dev lo
	ip -n "$name-s" addr add "fd00:$id:99::1/128" dev lo
	branch "$name" "$id" 10 10 a1 a2 && branch "$name" "$id" 20 20 b1 b2 b3 || return 1
	for ns in c a1 a2 b1 b2 b3 s; do
		links_up "$name-$ns"
	done
}
