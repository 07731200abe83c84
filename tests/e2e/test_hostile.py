#!/usr/bin/env python3
"""Strangers at every listener: noise, halves, wrong keys, floods.

Short form of tests/bench/bench_hostile.py. Nothing grows, nobody is let in,
nothing is said to a stranger, the federation goes on, and a member that comes
back in the middle of it gets its links.
"""

import os
import sys

from consortium import Consortium, Tap, wait
from hostility import Attack, answer, at_rest, counts, settles

COUNT = int(os.environ.get("CONNECTIONS", "2500"))


def goes_on(c, blocks=2):
    """By the others' word: the victim's socket may be crowded."""
    others = c.nodes[1:]
    target = max(n.height() for n in others) + blocks
    c.wait_height(target, 120, others)


def at_the_port(c, node, seed):
    """All kinds of strangers, as fast as they come."""
    before = at_rest(node)
    attack = Attack(c, node, "port", count=COUNT, hold_ms=500, seed=seed)
    goes_on(c)
    found = attack.end()
    print("# %s" % found)
    assert found["opened"] == COUNT, found
    assert min(found["ways"].values()) > 0, found
    assert found["heard"] == 0, "something was said to a stranger"
    settles(node, before)
    wait("the log tells of them", 60,
         lambda: "ev=peer.refused" in node.log())
    assert counts(node)["bad_messages"] == 0, counts(node)


def hung_up_on(c, node):
    """Who only sits there is hung up on: no stranger keeps a place."""
    for way in (1, 5):  # silent, a byte at a time
        attack = Attack(c, node, "port", count=20, at_once=20, way=way,
                        hold_ms=120000)
        found = attack.end()
        assert found["hung_up"] == 20 and found["left"] == 0, found


def comes_back(c, node):
    """A member links up although all places for strangers are contended."""
    odd = c.nodes[3]
    attack = Attack(c, node, "port", count=10 ** 9, hold_ms=500, seed=5)
    try:
        odd.kill()
        odd.start()
        wait("%s has its links under attack" % odd.name, 120, lambda:
             odd.call("status")["connected"] == 4)
        goes_on(c)
        assert attack.going_on()
    finally:
        attack.stop()


def at_the_socket(c, node):
    """The same at the control socket; others are answered meanwhile."""
    before = at_rest(node)
    attack = Attack(c, node, "socket", count=COUNT // 2, hold_ms=500)
    goes_on(c)
    found = attack.end()
    print("# %s" % found)
    assert found["opened"] == COUNT // 2, found
    assert min(found["ways"].values()) > 0, found
    settles(node, before)


def not_locked_out(c, node):
    """Half a line holds no place for good."""
    attack = Attack(c, node, "socket", count=200, at_once=100, way=3,
                    hold_ms=120000)
    try:
        for _ in range(5):
            wait("an answer", 60, lambda: answer(node))
    finally:
        attack.stop()


def listeners(c, node):
    """Those who listen for good leave room for those who ask."""
    there = []
    try:
        refused = None
        while refused is None and len(there) < 100:
            there.append(node.rpc())
            try:
                there[-1].call("events")
            except RuntimeError as e:
                refused = str(e)
        assert refused is not None and "too many" in refused, refused
        for _ in range(5):
            wait("an answer", 60, lambda: answer(node))
        # The first is still told of what happens.
        wait("a block told", 120, lambda: b"block.committed" in
             there[0].file.readline())
    finally:
        for rpc in there:
            rpc.close()


def main():
    tap = Tap()
    with Consortium(rounds=100000) as c:
        node = c.nodes[0]
        c.start()
        c.wait_height(3, 120)
        # What a library allocates once is no growth.
        for where in ("port", "socket"):
            Attack(c, node, where, count=500, hold_ms=300, seed=99).end()
        tap.run("%d strangers at the port" % COUNT,
                lambda: at_the_port(c, node, 1))
        tap.run("a place is for seconds", lambda: hung_up_on(c, node))
        tap.run("a member comes back meanwhile", lambda: comes_back(c, node))
        tap.run("%d clients at the socket" % (COUNT // 2),
                lambda: at_the_socket(c, node))
        tap.run("the socket answers", lambda: not_locked_out(c, node))
        tap.run("listeners leave room", lambda: listeners(c, node))

        def whole():
            assert all(n.proc.poll() is None for n in c.nodes)
            assert c.stop() == [0, 0, 0, 0]
        tap.run("all four end as they should", whole)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
