#!/usr/bin/env python3
"""kill -9 of one of four, 20 times at random moments, restarted each time.

The other three commit on, the killed one catches up, nothing forks.
"""

import os
import random
import re
import sys
import time

from consortium import Consortium, Tap, program, run, wait

KILLS = int(os.environ.get("KILLS", "20"))
VOTE = re.compile(r"ev=vote.seen (height=\d+ round=\d+ type=\d+ "
                  r"validator=\d+) block=([0-9a-f]+)")
SEED = int(os.environ.get("SEED", "1"))


def kill_and_restart(c, rnd):
    waits, victims = [], []
    c.start()
    c.wait_height(2)
    for _ in range(KILLS):
        victim = rnd.choice(c.nodes)
        others = [n for n in c.nodes if n is not victim]
        time.sleep(rnd.random() * 0.3)
        victim.kill()
        before = max(n.height() for n in others)
        # One block may have been on its way; the second one was not.
        for height in (before + 1, before + 2):
            t = time.monotonic()
            c.wait_height(height, 30, others[:1])
            waits.append(time.monotonic() - t)
        victim.start()
        victims.append(victim.name)
        target = max(n.height() for n in others)
        c.wait_height(target, 30, [victim])
    print("# killed: %s" % " ".join(victims))
    print("# a block without the victim: worst %.2f s" % max(waits))
    return waits


def main():
    tap, rnd = Tap(), random.Random(SEED)
    with Consortium(rounds=100000) as c:
        for node in c.nodes:
            node.configure("#level: info", "level: debug")
        waits = []
        tap.run("%d kills, each caught up with (SEED=%d)" % (KILLS, SEED),
                lambda: waits.extend(kill_and_restart(c, rnd)))

        def within():
            # A round without an answer of the victim closes when the
            # collection time (2 s) is over.
            assert waits and max(waits) < 3 * 2.0, waits
        tap.run("the other three commit within 3 timeouts", within)

        def no_double_sign():
            votes, said = {}, 0
            for n in c.nodes:
                for m in VOTE.finditer(n.log()):
                    key, block = m.group(1), m.group(2)
                    said += 1
                    assert votes.setdefault(key, block) == block, key
                assert n.call("status")["counts"]["equivocations"] == 0
            print("# %d votes seen, %d different" % (said, len(votes)))
            assert len(votes) > 8 * KILLS

        def same_chain():
            top = min(c.heights())
            wait("equal heads", 20, lambda: len({
                n.call("status")["height"] for n in c.nodes}) == 1 or None)
            assert top > KILLS
            for height in range(1, top + 1):
                ids = {n.call("block", height=height)["id"] for n in c.nodes}
                assert len(ids) == 1, (height, ids)

        def audited():
            for code in c.stop():
                assert code == 0, code
            for n in c.nodes:
                run(program("qmlnode"), "audit", n.home, "--json")
        tap.run("no validator voted twice, by all nodes' logs", no_double_sign)
        tap.run("every block the same at all four", same_chain)
        tap.run("four chains pass the audit", audited)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
