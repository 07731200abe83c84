"""Four homes with a chain that took no time to agree on; for the benches.

bench_chain makes it with the keys of all members, as tests/bench/longchain.h
says; the daemons then go on from there.
"""

import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))), "e2e"))

from consortium import (ROOT, Consortium, program, run,
                        wait)  # noqa: E402

IRIS = os.path.join(ROOT, "tests/data/datasets/iris.csv")


def long_ago(text):
    """Founded long enough ago for any number of blocks; a block every 300 ms
    or so, whoever is missing."""
    out = []
    for line in text.splitlines():
        words = line.split(":", 1)
        key = words[0].strip()
        if key == "founded":
            line = words[0] + ": 2025-01-01T00:00:00Z"
        elif key == "heartbeat":
            line = words[0] + ": 300ms"
        elif key == "interval":
            line = words[0] + ": 20ms"
        out.append(line)
    return "\n".join(out) + "\n"


def homes(blocks, given):
    """A consortium whose first `given` nodes have the chain."""
    c = Consortium(rounds=1000000, data=IRIS, edit=long_ago)
    env = dict(os.environ)
    p = run(program("tests/bench/bench_chain"), "make", blocks,
            *[n.home for n in c.nodes], env=env)
    print(p.stdout, end="", flush=True)
    for n in c.nodes[1:given]:
        shutil.copytree(os.path.join(c.nodes[0].home, "chain"),
                        os.path.join(n.home, "chain"))
    return c


def wait_height(nodes, height, seconds):
    for n in nodes:
        wait("%s at %d" % (n.name, height), seconds,
             lambda n=n: n.height() >= height)
