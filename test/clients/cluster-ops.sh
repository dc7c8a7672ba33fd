#!/usr/bin/env bash
# redis-cli --cluster with the nodes of $REDIS_CLUSTER: three masters, then their replicas. Keys are imported from the
# server at $REDIS_PORT.
set -euo pipefail

IFS=, read -ra nodes <<<"$REDIS_CLUSTER"
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
seed=${nodes[0]}

# cluster runs redis-cli --cluster, and shows what it said if it fails.
cluster() { redis-cli --cluster "$@" >"$out/said" 2>&1 </dev/null || { cat "$out/said"; echo "failed: --cluster $*"; exit 1; }; }
at() { redis-cli -c -h "${1%:*}" -p "${1##*:}" "${@:2}"; }
says() { grep -q "$1" "$out/said" || { cat "$out/said"; echo "missing: $1"; exit 1; }; }
id() { at "$1" cluster myid; }

cluster check "$seed"
says 'All 16384 slots covered'
cluster info "$seed"
cluster call "$seed" ping
says PONG
for i in $(seq 30); do at "$seed" set "k$i" "$i"; done >/dev/null

cluster reshard "$seed" --cluster-from "$(id "${nodes[0]}")" --cluster-to "$(id "${nodes[1]}")" --cluster-slots 200 --cluster-yes
cluster check "$seed"
says 'All nodes agree about slots configuration'
cluster rebalance "$seed" --cluster-threshold 1
cluster check "$seed"
says 'All 16384 slots covered'

# A slot that was left open on its way.
slot=$(at "$seed" cluster keyslot k1)
owner='' other=''
for n in "${nodes[@]}"; do
	at "$n" cluster nodes | grep -q 'myself,master' || continue
	if [ "$(redis-cli -h "${n%:*}" -p "${n##*:}" get k1 2>&1)" = 1 ]; then owner=$n; else other=$n; fi
done
at "$owner" cluster setslot "$slot" migrating "$(id "$other")" >/dev/null
cluster fix "$seed"
cluster check "$seed"
says 'All nodes agree about slots configuration'
at "$other" get k1 | grep -qx 1

# A node leaves and comes back.
gone=${nodes[5]}
cluster del-node "$seed" "$(id "$gone")"
at "$gone" cluster reset hard >/dev/null
cluster add-node "$gone" "$seed" --cluster-slave
until at "$seed" cluster nodes | grep "${gone}@" | grep -q slave; do sleep 0.2; done

redis-cli -p "$REDIS_PORT" set imported yes >/dev/null
cluster import "$seed" --cluster-from "127.0.0.1:$REDIS_PORT" --cluster-copy
at "$seed" get imported | grep -qx yes
for i in $(seq 30); do at "$seed" get "k$i" | grep -qx "$i"; done

mkdir "$out/backup"
cluster backup "$seed" "$out/backup"
ls "$out/backup" | grep -q rdb
redis-benchmark --cluster -h "${seed%:*}" -p "${seed##*:}" -q -n 2000 -t set,get >"$out/said"
