"""Starts several processes of resp-server, and runs a command that may kill them.

    fleet.py sentinel COMMAND...   a master, two replicas and three sentinels:
                                   $REDIS_SENTINELS, $REDIS_MASTER_PID
    fleet.py cluster COMMAND...    three masters with a replica each, joined by redis-cli:
                                   $REDIS_CLUSTER, $REDIS_PIDS in the same order
"""

import json
import os
import subprocess
import sys
import tempfile

processes = []


def start(*args):
    """Starts a server and returns its address and its process when it is ready."""
    read, write = os.pipe()
    p = subprocess.Popen(
        ["resp-server", *args, "--port", "0", "--exit-with-parent", "--ready-file", str(write)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, pass_fds=[write],
    )
    processes.append(p)
    os.close(write)
    with open(read) as ready:
        return json.load(ready)["addr"], p


def sentinels(folder):
    master, process = start("--dir", "", "--repl-diskless-sync-delay", "0")
    host, port = master.rsplit(":", 1)
    for _ in range(2):
        replica, _ = start("--dir", "", "--repl-diskless-sync-delay", "0", "--replicaof", host, port)
    subprocess.run(["redis-cli", "-p", port], input="SET begin 1\nWAIT 2 0\n", text=True, check=True, stdout=subprocess.DEVNULL)
    addrs = []
    for i in range(3):
        conf = os.path.join(folder, f"sentinel{i}.conf")
        with open(conf, "w") as f:
            f.write(f"sentinel monitor mymaster {host} {port} 2\nsentinel down-after-milliseconds mymaster 2000\n"
                    "sentinel failover-timeout mymaster 10000\n")
        addrs.append(start(conf, "--sentinel", "--dir", folder)[0])
    for addr in addrs:
        subprocess.run(["redis-cli", "-p", addr.rsplit(":", 1)[1], "sentinel", "debug", "info-period", "500", "publish-period", "250",
                        "tilt-trigger", "60000"], check=True, stdout=subprocess.DEVNULL)
    return {"REDIS_SENTINELS": ",".join(addrs), "REDIS_MASTER_PID": str(process.pid)}


def cluster(folder):
    nodes = [start("--dir", "", "--cluster-enabled", "yes", "--cluster-node-timeout", "3000", "--repl-diskless-sync-delay", "0")
             for _ in range(6)]
    subprocess.run(["redis-cli", "--cluster", "create", *[a for a, _ in nodes], "--cluster-replicas", "1", "--cluster-yes"],
                   check=True, stdout=subprocess.DEVNULL)
    return {"REDIS_CLUSTER": ",".join(a for a, _ in nodes), "REDIS_PIDS": ",".join(str(p.pid) for _, p in nodes)}


def main():
    with tempfile.TemporaryDirectory() as folder:
        try:
            names = {"sentinel": sentinels, "cluster": cluster}[sys.argv[1]](folder)
            return subprocess.run(sys.argv[2:], env={**os.environ, **names}).returncode
        finally:
            for p in processes:
                p.kill()
                p.wait()


if __name__ == "__main__":
    sys.exit(main())
