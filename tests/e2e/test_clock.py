#!/usr/bin/env python3
"""The clock of one member is an hour off: it follows, proposes nothing, says
so, and goes on by itself when the clock is right again."""

import sys

from badluck import PATIENCE_S, BadLuck
from consortium import Tap, program, run, wait

HOUR_MS = 3600000


def proposers(c, low, high):
    node = c.others[0]
    return [node.call("block", height=h)["proposer"]
            for h in range(low, high + 1)]


def jump(c, ms, word):
    c.begin("clock", str(ms))
    c.says("lvl=error ev=clock.off", "clock is " + word)
    why = c.odd.call("status")["why"]
    assert "clock" in why and word in why, why
    health = c.odd.call("health")
    assert not health["ok"] and "clock" in str(health), health
    # Of the block under way it may be the proposer.
    low = max(n.height() for n in c.others) + 2
    c.wait_height(low + 8, PATIENCE_S, c.others)
    assert c.odd.name not in proposers(c, low, low + 8)
    c.wait_height(low + 8, PATIENCE_S, [c.odd])  # it follows
    c.end("clock")
    c.says("ev=clock.right")
    at = [max(n.height() for n in c.others)]

    def proposed():
        top = max(n.height() for n in c.others)
        names = proposers(c, at[0] + 1, top)
        at[0] = max(top, at[0])
        return c.odd.name in names
    wait("it proposes again", PATIENCE_S, proposed)
    c.well()


def main():
    tap = Tap()
    with BadLuck() as c:
        c.start()
        c.wait_height(3, PATIENCE_S)
        tap.run("an hour ahead", lambda: jump(c, HOUR_MS, "ahead of"))
        tap.run("an hour behind", lambda: jump(c, -HOUR_MS, "behind"))

        def audits():
            assert c.stop() == [0, 0, 0, 0]
            for n in c.nodes:
                run(program("qmlnode"), "audit", n.home)
        tap.run("four chains pass the audit", audits)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
