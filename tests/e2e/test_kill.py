#!/usr/bin/env python3
"""kill -9 of one of four, at random moments, restarted each time.

The other three commit on, the killed one catches up, nothing forks, nobody
signs twice, and what was reported committed stays. 20 kills; KILLS=n for
others, 500 with QML_TEST_LONG. How long each took to vote again is printed:
KILLS.md keeps long runs, tests/bench/bench_restart.py has the bar.
"""

import os
import random
import re
import sys
import time

from consortium import Consortium, Tap, program, run, wait

LONG = bool(os.environ.get("QML_TEST_LONG"))
KILLS = int(os.environ.get("KILLS", "500" if LONG else "20"))
VOTE = re.compile(r"ev=vote.seen (height=\d+ round=\d+ type=\d+ "
                  r"validator=(\d+)) block=([0-9a-f]+)")
SEED = int(os.environ.get("SEED", "1"))
# No machine is too slow for a test; what is waited for comes or never does.
PATIENCE_S = 120
# A dead proposer costs a view, a slow machine some; timeouts grow from view to
# view until they suffice, so an agreement that works never gets this far.
VIEWS = 20


def percentile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(share * len(values)))]


def spread(values):
    return "p50 %.2f s, p99 %.2f s, max %.2f s of %d" % (
        percentile(values, .5), percentile(values, .99), max(values),
        len(values))


class Tail:
    """What a node logs from now on."""

    def __init__(self, node):
        self.path = os.path.join(node.home, "log")
        self.at = os.path.getsize(self.path)
        self.rest = ""

    def lines(self):
        with open(self.path, errors="replace") as f:
            f.seek(self.at)
            text = self.rest + f.read()
            self.at = f.tell()
        *whole, self.rest = text.split("\n")
        return whole

    def voted(self, seat):
        """Its own vote is among the new lines."""
        return any(m and int(m.group(2)) == seat
                   for m in map(VOTE.search, self.lines()))


def seats(nodes):
    """Seats are in the order of node ids, whose digits are bech32's."""
    ids = sorted((["qpzry9x8gf2tvdw0s3jn54khce6mua7l".find(d)
                   for d in n.call("status")["node"][3:]], n.name)
                 for n in nodes)
    return {name: i for i, (_, name) in enumerate(ids)}


def kill_and_restart(c, rnd, reported):
    waits, recoveries, victims = [], [], []
    c.start()
    c.wait_height(2, PATIENCE_S)
    seat = seats(c.nodes)
    for _ in range(KILLS):
        victim = rnd.choice(c.nodes)
        others = [n for n in c.nodes if n is not victim]
        time.sleep(rnd.random() * 0.3)
        s = victim.call("status")
        reported[s["height"]] = s["head"]
        victim.kill()
        before = max(n.height() for n in others)
        # One block may have been on its way; the second one was not.
        for height in (before + 1, before + 2):
            t = time.monotonic()
            c.wait_height(height, PATIENCE_S, others[:1])
            waits.append(time.monotonic() - t)
        tail, t = Tail(victim), time.monotonic()
        victim.start()
        victims.append(victim.name)
        wait("%s votes again" % victim.name, PATIENCE_S,
             lambda: tail.voted(seat[victim.name]))
        recoveries.append(time.monotonic() - t)
        target = max(n.height() for n in others)
        c.wait_height(target, PATIENCE_S, [victim])
    if KILLS <= 40:
        print("# killed: %s" % " ".join(victims))
    print("# a block without the victim: %s" % spread(waits))
    print("# from exec to its first vote: %s" % spread(recoveries))
    print("# height %d" % max(c.heights()))


def no_double_sign(c):
    votes, said = {}, 0
    for n in c.nodes:
        with open(os.path.join(n.home, "log"), errors="replace") as f:
            for m in filter(None, map(VOTE.search, f)):
                key, block = m.group(1), m.group(3)
                said += 1
                assert votes.setdefault(key, block) == block, key
        assert n.call("status")["counts"]["equivocations"] == 0
    print("# %d votes seen, %d different" % (said, len(votes)))
    assert len(votes) > 8 * KILLS


def same_chain(c, reported):
    top = min(c.heights())
    c.wait_height(max(c.heights()), PATIENCE_S)
    assert top > KILLS
    links, views = [n.rpc() for n in c.nodes], []
    for height in range(1, top + 1):
        blocks = [link.call("block", height=height) for link in links]
        ids = {b["id"] for b in blocks}
        assert len(ids) == 1, (height, ids)
        views.append(blocks[0]["certificate"]["view"])
        assert reported.get(height) in (None, *ids), "block %d is lost" % height
    for link in links:
        link.close()
    print("# blocks by the view that decided them: %s" % ", ".join(
        "%d: %d" % (v, views.count(v)) for v in sorted(set(views))))
    assert max(views) < VIEWS, views
    print("# %d heads that victims had reported are on the chain" %
          len(reported))
    assert reported


def audited(c):
    for code in c.stop():
        assert code == 0, code
    for n in c.nodes:
        run(program("qmlnode"), "audit", n.home, "--json")


def main():
    tap, rnd, reported = Tap(), random.Random(SEED), {}
    # A round without the victim's answer closes after half a second.
    with Consortium(rounds=1000000, collect="500ms") as c:
        for node in c.nodes:
            node.configure("#level: info", "level: debug")
        tap.run("%d kills, each votes again and catches up (SEED=%d)" % (
            KILLS, SEED), lambda: kill_and_restart(c, rnd, reported))
        tap.run("no validator voted twice, by all nodes' logs",
                lambda: no_double_sign(c))
        tap.run("every block the same at all four, none lost",
                lambda: same_chain(c, reported))
        tap.run("four chains pass the audit", lambda: audited(c))
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
