#!/usr/bin/env python3
"""What a federation of four real daemons on loopback costs.

Each figure stands beside its goal. Digits, 436 parameters, one training thread
each, all on this machine: the latency is from the last answer that a node
received to the block that holds it being durable and applied.
"""

import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))), "e2e"))

from consortium import Consortium, wait  # noqa: E402

ROUNDS = int(os.environ.get("ROUNDS", "120"))
IDLE_S = float(os.environ.get("IDLE_S", "10"))
TICK = os.sysconf("SC_CLK_TCK")


def cpu_s(pid):
    """User and system seconds of a process; its trainer is another one."""
    with open("/proc/%d/stat" % pid) as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def switches(pid):
    """Voluntary context switches of all its threads: how often it woke."""
    total = 0
    for task in os.listdir("/proc/%d/task" % pid):
        with open("/proc/%d/task/%s/status" % (pid, task)) as f:
            for line in f:
                if line.startswith("voluntary_ctxt_switches"):
                    total += int(line.split()[1])
    return total


def quick(text):
    """As the demo has it: one machine, one clock."""
    for old, new in (("heartbeat: ", "heartbeat: 1m #"),
                     ("interval: ", "interval: 20ms #"),
                     ("precision: ", "precision: 100ms #")):
        assert old in text
        text = text.replace(old, new)
    return text


def line(what, value, goal, met):
    print("  %-44s %12s   %-12s %s" % (
        what, value, goal, "" if met is None else "ok" if met else "MISSED"))


def traffic(node):
    """Bytes and messages of a node, sent and received."""
    peers = node.call("peers")["peers"]
    return sum(p["bytes_in"] + p["bytes_out"] for p in peers)


def measure(c):
    start = time.monotonic()
    c.start()
    finished = wait("the job is done", 600, lambda: all(
        n.call("status")["round"]["finished"] for n in c.nodes))
    took = time.monotonic() - start
    assert finished
    stands = [n.call("status") for n in c.nodes]
    moved = [traffic(n) for n in c.nodes]
    closed = c.nodes[0].call("rounds", n=10000)["rounds"]
    pids = [n.proc.pid for n in c.nodes]
    before = [(cpu_s(p), switches(p)) for p in pids]
    t = time.monotonic()
    time.sleep(IDLE_S)
    t = time.monotonic() - t
    idle = [100 * (cpu_s(p) - b[0]) / t for p, b in zip(pids, before)]
    woke = [(switches(p) - b[1]) / t for p, b in zip(pids, before)]
    return stands, closed, moved, took, idle, woke


def main():
    with Consortium(rounds=ROUNDS, edit=quick) as c:
        stands, closed, moved, took, idle, woke = measure(c)
        c.stop()
    latency = [s["commit_latency"] for s in stands]
    p50 = max(v["p50_ms"] for v in latency)
    p99 = max(v["p99_ms"] for v in latency)
    rss = max(s["counts"]["resident_bytes"] for s in stands) / 2**20
    ready = max(s["ready_after_ms"] for s in stands)
    late = sum(1 for r in closed if r["updates"] < len(stands))
    print("%d daemons, digits, %d rounds in %.1f s, an update missing in %d"
          % (len(stands), stands[0]["round"]["number"], took, late))
    print("  %-44s %12s   %-12s" % ("worst of the four", "measured", "goal"))
    line("last update received to block committed, p50", "%.1f ms" % p50,
         "100 ms", p50 <= 100)
    line("the same, p99", "%.1f ms" % p99, "100 ms", p99 <= 100)
    line("resident memory of qmlnode", "%.1f MiB" % rss, "64 MiB", rss <= 64)
    line("start to ready", "%d ms" % ready, "1000 ms", ready <= 1000)
    line("CPU while idle", "%.2f %%" % max(idle), "1 %", max(idle) <= 1)
    line("wakeups a second while idle, all threads", "%.0f" % max(woke), "",
         None)
    line("rounds a minute", "%.0f" % (60 * len(closed) / took), "", None)
    line("bytes on the links per round and node",
         "%.0f" % (max(moved) / max(1, len(closed))), "", None)
    return 0


if __name__ == "__main__":
    sys.exit(main())
