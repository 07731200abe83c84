#!/usr/bin/env python3
"""How long a node that was killed takes to sign its next vote.

A chain of BLOCKS (10,000) lies on the disks of four daemons; KILLS (100)
times one of them is killed with SIGKILL and started again at once. Measured
from the exec of the new process to the first vote of its own that a log holds,
which is after the chain was read, links are up and a height is being agreed
on; "ready" is the part that the node alone can do something about.
"""

import os
import random
import re
import sys
import time

from longhomes import homes, wait_height

from test_kill import Tail, percentile, seats, spread  # noqa: E402
from consortium import wait  # noqa: E402

BLOCKS = int(os.environ.get("BLOCKS", "10000"))
KILLS = int(os.environ.get("KILLS", "100"))
GOAL_S = 2.0
READY = re.compile(r"ev=node.ready .*ms=(\d+)")


def main():
    rnd = random.Random(1)
    votes, ready = [], []
    with homes(BLOCKS, 4) as c:
        for n in c.nodes:
            n.configure("#level: info", "level: debug")
            n.start()
        wait_height(c.nodes, BLOCKS + 2, 300)
        seat = seats(c.nodes)
        for _ in range(KILLS):
            victim = rnd.choice(c.nodes)
            victim.kill()
            tail, t = Tail(victim), time.monotonic()
            victim.start()
            wait("%s votes again" % victim.name, 120,
                 lambda: tail.voted(seat[victim.name]))
            votes.append(time.monotonic() - t)
            ready.append(int(READY.findall(victim.log())[-1]) / 1000)
            wait_height([victim], max(n.height() for n in c.nodes), 120)
        top = max(n.height() for n in c.nodes)
    p99 = percentile(votes, .99)
    print("height %d, load %s" % (top, open("/proc/loadavg").read()[:4]))
    print("  ready:         %s" % spread(ready))
    print("  first vote:    %s (bar: p99 %g s: %s)" % (
        spread(votes), GOAL_S, "ok" if p99 < GOAL_S else "MISSED"))
    print("ratio restart %g s / p99: %.2f" % (GOAL_S, GOAL_S / p99))
    return 0


if __name__ == "__main__":
    sys.exit(main())
