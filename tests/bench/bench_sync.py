#!/usr/bin/env python3
"""Block sync: a node that has nothing fetches a long chain from three others.

BLOCKS (20,000) of four members, nine of ten with four updates: the newcomer
checks every signature, replays every round and syncs every block to its disk.
Four daemons share this machine's cores with whatever else runs on it.
"""

import os
import sys
import time

from longhomes import homes, wait_height

BLOCKS = int(os.environ.get("BLOCKS", "20000"))
GOAL = 500
TICK = os.sysconf("SC_CLK_TCK")


def cpu_s(pid):
    with open("/proc/%d/stat" % pid) as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def main():
    with homes(BLOCKS, 3) as c:
        late = c.nodes[3]
        for n in c.nodes[:3]:
            n.start()
        wait_height(c.nodes[:3], BLOCKS + 1, 300)
        before = [cpu_s(n.proc.pid) for n in c.nodes[:3]]
        late.start()
        rpc = late.rpc()
        start = time.monotonic()
        first = rpc.call("status")["height"]
        while True:
            s = rpc.call("status")
            if s["height"] >= BLOCKS:
                break
            assert time.monotonic() - start < 1800, s["height"]
            time.sleep(0.05)
        took = time.monotonic() - start
        used = cpu_s(late.proc.pid)
        served = [cpu_s(n.proc.pid) - b for n, b in zip(c.nodes, before)]
        rpc.close()
    n = BLOCKS - first
    print("%d blocks fetched in %.1f s: %.0f blocks/s (bar %d: %s)" % (
        n, took, n / took, GOAL, "ok" if n / took >= GOAL else "MISSED"))
    print("  CPU a block: %.0f us of the newcomer, %.0f us of the three" % (
        1e6 * used / n, 1e6 * sum(served) / n))
    print("ratio sync blocks/s / %d: %.2f" % (GOAL, n / took / GOAL))
    return 0


if __name__ == "__main__":
    sys.exit(main())
