#!/usr/bin/env python3
"""100,000 strangers at one of four daemons, and what the honest notice of it.

Quiet and attacked phases take turns, so that a busy machine is busy in both.
Commit latency: from the last answer that a member which is not attacked heard
of to the block, as events tell it. CONNECTIONS, RATE (a second; 0: as fast as
it goes), PHASES.
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
PHASES = int(os.environ.get("PHASES", "5"))


def percentile(values, p):
    values = sorted(values)
    return values[min(len(values) - 1, len(values) * p // 100)] * 1000


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


def main():
    quiet, attacked, opened, seconds = [], [], 0, 0
    with Consortium(rounds=10 ** 6) as c:
        victim, witness = c.nodes[0], c.nodes[1]
        c.start()
        c.wait_height(5, 120)
        for where in ("port", "socket"):
            Attack(c, victim, where, count=500, hold_ms=300, seed=99).end()
        before = at_rest(victim)
        for k in range(PHASES):
            # One in ten at the control socket.
            crowds = [Attack(c, victim, where, count=count // PHASES,
                             hold_ms=1000, seed=k, rate=rate)
                      for where, count, rate in (
                          ("port", CONNECTIONS * 9 // 10, RATE * 9 // 10),
                          ("socket", CONNECTIONS // 10, RATE // 10))]
            began = time.monotonic()
            attacked += latencies(witness, lambda: any(
                a.going_on() for a in crowds))
            lasted = time.monotonic() - began
            for a in crowds:
                opened += a.end()["opened"]
            seconds += lasted
            end = time.monotonic() + lasted
            quiet += latencies(witness, lambda: time.monotonic() < end)
        settles(victim, before)
        after = at_rest(victim)
    print("%d connections, %.0f a second" % (opened, opened / seconds))
    print("descriptors %d -> %d, resident %.1f -> %.1f MiB (goal: equal, "
          "+ 8 at most)" % (before[0], after[0], before[1] / MIB,
                            after[1] / MIB))
    for name, v in (("quiet", quiet), ("attacked", attacked)):
        print("commit latency, %-8s  p50 %.1f ms  p99 %.1f ms  (%d rounds)" % (
            name, percentile(v, 50), percentile(v, 99), len(v)))
    print("p50 attacked by quiet: %.2f (goal: 1.20 at most)" % (
        percentile(attacked, 50) / percentile(quiet, 50)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
