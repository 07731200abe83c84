#!/usr/bin/env python3
"""A lying fourth member, a real process with a real key, against three honest
daemons: tool_liar is the daemon with a liar before its links.

The three go on, on one chain; what it signed twice lands in a block and names
it, and nobody else; forged words blame nobody whose signature they lack.
"""

import os
import subprocess
import sys

from consortium import Consortium, Tap, program, run, wait
from hostility import at_rest
from test_twokeys import VOTE, one_chain

TWO_STORIES = "votes,proposals,aggregate,answers,attests"
NOISE = "forge,replay,flood,half"


def start(node, ways):
    """The liar in its place; its own trainer is not beside it."""
    with open(os.path.join(node.home, "log"), "ab") as log:
        node.proc = subprocess.Popen(
            [program("tests/e2e/tool_liar"), "run", "--home", node.home],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            env=dict(os.environ, LIAR=ways))


def goes_on(honest, blocks=5):
    target = max(n.height() for n in honest) + blocks
    for n in honest:
        wait("%s at height %d" % (n.name, target), 240,
             lambda n=n: n.height() >= target)


def accused(node):
    return [e["member"] for e in
            node.call("status")["agreement"]["evidence"]]


def two_stories(honest, liar):
    """A block has the proof, so every ledger says who."""
    goes_on(honest)
    for n in honest:
        wait("%s has evidence on its chain" % n.name, 240,
             lambda n=n: accused(n))
        assert accused(n) == [liar.name], accused(n)
        text = run(program("qmlctl"), "status", "--home", n.home).stdout
        assert "evidence %s signed two different things" % liar.name in text, \
            text
    print("# evidence: %s" % honest[0].call("status")["agreement"]["evidence"])


def noise(honest, liar):
    """Its links are cut, for longer and longer; theirs are not."""
    goes_on(honest)

    def punished(n):
        return {p["name"]: p["punished"] for p in n.call("peers")["peers"]
                if p["punished"] > 0}
    wait("somebody cuts its link", 240,
         lambda: any(punished(n) for n in honest))
    goes_on(honest)
    for n in honest:
        assert set(punished(n)) <= {liar.name}, (n.name, punished(n))
        assert accused(n) == [liar.name], accused(n)
        print("# %s: cut %s; %s" % (n.name, punished(n),
                                    n.call("status")["counts"]))


def no_double_votes(honest, liar):
    """By every vote that an honest member received and verified."""
    seats = {str(m["index"]): m["name"]
             for m in honest[0].call("members")["members"]}
    seen, double, n = {}, set(), 0
    for node in honest:
        for m in VOTE.finditer(node.log()):
            key, validator, block = m.groups()
            n += 1
            if seen.setdefault(key, block) != block:
                double.add(seats[validator])
    print("# %d votes received, %d places, twice: %s" % (
        n, len(seen), sorted(double)))
    assert double <= {liar.name}, double
    assert len(seen) > 50, len(seen)


def main():
    tap = Tap()
    with Consortium(rounds=100000) as c:
        for node in c.nodes:
            node.configure("#level: info", "level: debug")
        honest, liar = c.nodes[:3], c.nodes[3]
        liar.configure("beside qmlnode\n  #command: []",
                       "beside qmlnode\n  command: [%s]" %
                       program("qmltrain"))
        for n in honest:
            n.start()
        start(liar, TWO_STORIES)
        tap.run("two stories, each signed", lambda: two_stories(honest, liar))
        before = [at_rest(n) for n in honest]
        liar.kill()
        start(liar, NOISE)
        tap.run("forged, replayed, flooded, cut", lambda: noise(honest, liar))
        liar.kill()
        for n, b in zip(honest, before):
            a = at_rest(n)
            print("# %s: %d -> %d descriptors, %.1f -> %.1f MiB" % (
                n.name, sum(b[0].values()), sum(a[0].values()),
                b[1] / 2 ** 20, a[1] / 2 ** 20))
        tap.run("one chain", lambda: one_chain(honest))
        tap.run("no honest member voted twice",
                lambda: no_double_votes(honest, liar))

        def audited():
            for n in honest:
                assert n.stop() == 0
                run(program("qmlnode"), "audit", n.home, "--json")
        tap.run("three chains pass the audit", audited)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
