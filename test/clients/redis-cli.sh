#!/usr/bin/env bash
# A conversation with redis-cli, its output compared line by line.
set -euo pipefail

cli() { redis-cli -p "$REDIS_PORT" "$@"; }

expect() {
	local want=$1
	shift
	local got
	got=$(cli "$@" 2>&1)
	if [ "$got" != "$want" ]; then
		printf 'redis-cli %s\n got: %s\nwant: %s\n' "$*" "$got" "$want" >&2
		exit 1
	fi
}

expect PONG ping
expect OK flushall
expect OK set greeting 'hello world'
expect 'hello world' get greeting
expect '' get nosuch
expect 1 expire greeting 100
expect 100 ttl greeting
expect 3 rpush list a b c
expect $'a\nb\nc' lrange list 0 -1
expect $'1) "a"\n2) "b"\n3) "c"' --no-raw lrange list 0 -1
expect 'WRONGTYPE Operation against a key holding the wrong kind of value' get list
expect 1-1 xadd stream 1-1 k v
expect OK xgroup create stream g 0
expect $'1) 1) "stream"\n   2) 1) 1) "1-1"\n         2) 1) "k"\n            2) "v"' --no-raw xreadgroup group g me streams stream '>'
expect '1# "maxclients" => "10000"' -3 --no-raw config get maxclients
expect 1 xack stream g 1-1
expect 0 publish nobody hello
expect $'OK\nQUEUED\nQUEUED\n1\n2' < <(printf 'multi\nincr n\nincr n\nexec\n')
expect 'OK' -n 3 set other 1
expect '' get other

# Mass insertion: a thousand commands as raw protocol, at once.
for i in $(seq 1000); do printf '*3\r\n$5\r\nRPUSH\r\n$4\r\nbulk\r\n$%d\r\n%d\r\n' ${#i} "$i"; done |
	cli --pipe | grep -q 'errors: 0, replies: 1000'
expect 1000 llen bulk

# A subscriber reads what another client publishes.
coproc subscriber { exec redis-cli -p "$REDIS_PORT" subscribe news; }
for _ in subscribe news 1; do read -r line <&"${subscriber[0]}"; done
expect 1 publish news 'first post'
for want in message news 'first post'; do
	read -r line <&"${subscriber[0]}"
	if [ "$line" != "$want" ]; then
		printf 'subscriber\n got: %s\nwant: %s\n' "$line" "$want" >&2
		exit 1
	fi
done
kill "$subscriber_PID"

# With TLS, if the server has it: redis-cli must accept our certificate, and refuse
# one of another authority.
if [ -n "${REDIS_TLS_PORT:-}" ]; then
	tls=(redis-cli -p "$REDIS_TLS_PORT" --tls --cert "$REDIS_CERTS/client.crt" --key "$REDIS_CERTS/client.key")
	[ "$("${tls[@]}" --cacert "$REDIS_CERTS/ca.crt" get greeting)" = 'hello world' ]
	for i in $(seq 1000); do echo "RPUSH encrypted $i"; done | "${tls[@]}" --cacert "$REDIS_CERTS/ca.crt" >/dev/null
	[ "$("${tls[@]}" --cacert "$REDIS_CERTS/ca.crt" lrange encrypted 0 -1)" = "$(seq 1000)" ]
	{ "${tls[@]}" --cacert "$REDIS_CERTS/client.crt" ping 2>&1 || true; } | grep -q 'certificate verify failed'
fi

[ "$(cli --scan --pattern 'b*')" = bulk ]
cli info server | grep -q '^redis_version:'
echo "redis-cli: all as expected"
