#!/usr/bin/env python3
"""100,000 strangers at one of four daemons, and what the honest notice of it.

Quiet and attacked phases take turns, so that a busy machine is busy in both.
Commit latency: from the last answer that a member which is not attacked heard
of to the block, as events tell it. CONNECTIONS, RATE (a second; 0: as fast as
it goes), PHASES, WHERE (port, socket or both: nine of ten at the port), and
ATTACKERS: "idle", the default, has them take only CPU time that nobody else
wants, for theirs is another machine's; "share": they compete for it.
"""

import json
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))), "e2e"))

from consortium import Consortium  # noqa: E402
from hostility import MIB, Attack, at_rest, settles  # noqa: E402

CONNECTIONS = int(os.environ.get("CONNECTIONS", "100000"))
RATE = int(os.environ.get("RATE", "1000"))
PHASES = int(os.environ.get("PHASES", "20"))
WHERE = os.environ.get("WHERE", "both")
ATTACKERS = os.environ.get("ATTACKERS", "idle")
SHARES = {"both": (0.9, 0.1), "port": (1, 0), "socket": (0, 1)}[WHERE]
TICK = os.sysconf("SC_CLK_TCK")


def percentile(values, p):
    values = sorted(values)
    return values[min(len(values) - 1, len(values) * p // 100)] * 1000


def cpu_seconds(node):
    """Of all threads of the daemon, in user and kernel mode."""
    with open("/proc/%d/stat" % node.proc.pid) as f:
        fields = f.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def latencies(node, going_on):
    """Seconds, one for each round that closed while going_on()."""
    rpc, last, found = node.rpc(), None, []
    rpc.call("events")
    while going_on():
        event = json.loads(rpc.file.readline())
        if event.get("method") == "answer.received":
            last = time.monotonic()
        elif event.get("method") == "block.committed" and last is not None \
                and "round" in event["params"]:
            found.append(time.monotonic() - last)
            last = None
    rpc.close()
    return found


def crowds(c, victim, k):
    """The strangers of one phase."""
    found = []
    for where, share in zip(("port", "socket"), SHARES):
        if share == 0:
            continue
        a = Attack(c, victim, where, count=int(CONNECTIONS * share / PHASES),
                   hold_ms=1000, seed=k, rate=int(RATE * share))
        if ATTACKERS == "idle":
            a.step_aside()
        found.append(a)
    return found


class Phase:
    """All phases of one kind."""

    def __init__(self, name):
        self.name, self.found, self.seconds, self.cpu = name, [], 0, 0

    def run(self, victim, witness, going_on):
        began, cpu = time.monotonic(), cpu_seconds(victim)
        self.found += latencies(witness, going_on)
        lasted = time.monotonic() - began
        self.seconds += lasted
        self.cpu += cpu_seconds(victim) - cpu
        return lasted

    def tell(self):
        print("%-8s  commit latency p50 %.1f ms  p99 %.1f ms  (%d rounds in "
              "%.0f s); CPU of the attacked daemon %.1f %%" % (
                  self.name, percentile(self.found, 50),
                  percentile(self.found, 99), len(self.found), self.seconds,
                  100 * self.cpu / self.seconds))


def main():
    quiet, attacked, opened = Phase("quiet"), Phase("attacked"), 0
    with Consortium(rounds=10 ** 6) as c:
        victim, witness = c.nodes[0], c.nodes[1]
        c.start()
        c.wait_height(5, 120)
        for where in ("port", "socket"):
            Attack(c, victim, where, count=500, hold_ms=300, seed=99).end()
        before = at_rest(victim)
        for k in range(PHASES):
            crowd = crowds(c, victim, k)
            lasted = attacked.run(victim, witness, lambda: any(
                a.going_on() for a in crowd))
            opened += sum(a.end()["opened"] for a in crowd)
            end = time.monotonic() + lasted
            quiet.run(victim, witness, lambda: time.monotonic() < end)
        settles(victim, before)
        after = at_rest(victim)
    print("%d connections, %.0f a second; attackers: %s; at: %s" % (
        opened, opened / attacked.seconds, ATTACKERS, WHERE))
    print("descriptors %d -> %d, resident %.1f -> %.1f MiB (goal: equal, "
          "+ 8 at most)" % (sum(before[0].values()), sum(after[0].values()),
                            before[1] / MIB, after[1] / MIB))
    for phase in (quiet, attacked):
        phase.tell()
    print("CPU of the attacked daemon for one stranger: %.0f us" % (
        1e6 * (attacked.cpu - quiet.cpu * len(attacked.found) /
               len(quiet.found)) / opened))
    for p in (50, 99):
        print("p%d attacked by quiet: %.2f (goal: 1.20 at most)" % (
            p, percentile(attacked.found, p) / percentile(quiet.found, p)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
