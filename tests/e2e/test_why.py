#!/usr/bin/env python3
"""Why no block comes: which round and step, what is missing of whom, since
when. Members and a trainer are held and stopped one after another; status
says it to people and to machines, the log to who comes later.
"""

import os
import signal
import sys
import time

from consortium import Consortium, Tap, program, run, wait
from test_trainer_faults import child

AGREEMENT = ("proposer", "prevotes", "precommits")


def waiting(node):
    return node.call("status")["waiting"]


def reason(node, *words):
    """Waits until the node names one of these; what it says then."""
    def seen():
        w = waiting(node)
        return w if w["reason"] in words else None
    try:
        return wait("%s: %s" % (node.name, " or ".join(words)), 120, seen)
    except AssertionError as e:
        raise AssertionError("%s, but %s" % (e, waiting(node))) from e


def stands(node, began):
    """The same cause stands for longer and longer, since one moment."""
    first = waiting(node)
    later = wait("it lasts", 60, lambda: next((
        w for w in [waiting(node)] if w["for_ms"] > first["for_ms"] + 500
        or w["reason"] != first["reason"]), None))
    assert later["reason"] == first["reason"], (first, later)
    assert later["since_ms"] == first["since_ms"], (first, later)
    assert later["since_ms"] / 1000 > began - 1, (later, began)
    assert later["no_block_for_ms"] >= first["no_block_for_ms"], later
    return later


def own_trainer(c):
    """Alpha's own is late: it says so itself, the others name alpha."""
    alpha, beta = c.nodes[0], c.nodes[1]
    pid = child(alpha.proc.pid)
    os.kill(pid, signal.SIGSTOP)
    try:
        wait("alpha waits for itself", 120, lambda: any(
            w["reason"] == "own_trainer" and w["members"] == ["alpha"]
            for w in [waiting(alpha)]))
        text = alpha.call("status")["why"]
        w = wait("beta waits for alpha", 120, lambda: next((
            w for w in [waiting(beta)] if w["reason"] == "answers" and
            w["members"] == ["alpha"]), None))
        assert w["height"] > 0 and w["since_ms"] > 0, w
        print("# alpha: %s" % text)
    finally:
        os.kill(pid, signal.SIGCONT)
    c.wait_height(max(c.heights()) + 2, 120)


def held(c):
    """Two are there and silent: whose vote or proposal is missing?"""
    alpha, pair = c.nodes[0], c.nodes[2:]
    began = time.time()
    for n in pair:
        n.proc.send_signal(signal.SIGSTOP)
    try:
        w = reason(alpha, *AGREEMENT)
        print("# alpha: %s (%s)" % (alpha.call("status")["why"], w))
        wait("the two are named, and nobody else", 120, lambda: any(
            w["reason"] in AGREEMENT and w["members"] and
            set(w["members"]) <= {"gamma", "delta"} and
            w["attempt"] >= 1 and w["step"] in (
                "propose", "prevote", "precommit")
            for w in [waiting(alpha)]))
        # Nothing is heard from them: in the end the links are given up.
        w = reason(alpha, "no_quorum")
        assert w["since_ms"] / 1000 > began - 1, w
    finally:
        for n in pair:
            n.proc.send_signal(signal.SIGCONT)
    c.wait_height(max(c.heights()) + 2, 120)


def stopped(c):
    """One after another ends; with two of four there is no quorum."""
    alpha = c.nodes[0]
    assert c.nodes[3].stop() == 0
    c.wait_height(alpha.height() + 3, 120, c.nodes[:3])
    began = time.time()
    assert c.nodes[2].stop() == 0
    w = reason(alpha, "no_quorum")
    assert sorted(w["members"]) == ["delta", "gamma"], w
    w = stands(alpha, began)
    wait("more than two seconds", 60,
         lambda: waiting(alpha)["for_ms"] > 2500)
    said = run(program("qmlctl"), "status", "--home", alpha.home).stdout
    assert "no quorum: links to 1 of 3 others" in said, said
    assert "  since    " in said and "attempt" in said, said
    line = wait("the log tells", 120, lambda: next((
        k for k in alpha.log().splitlines() if "ev=block.waits" in k and
        "reason=no_quorum" in k and "delta" in k), None))
    for word in ("height=", "attempt=", "step=", "since=", "seconds=",
                 "no_block_for="):
        assert word in line, line
    print("# %s" % line)
    assert c.nodes[1].stop() == 0
    wait("three of four", 60,
         lambda: len(waiting(alpha)["members"]) == 3)
    # The cause is the same, and so is its beginning.
    assert waiting(alpha)["since_ms"] == w["since_ms"], (w, waiting(alpha))
    for n in c.nodes[1:]:
        n.start()
    c.wait_height(alpha.height() + 2, 120)
    wait("it stands in the way no more", 60,
         lambda: waiting(alpha)["reason"] != "no_quorum")


def mute(c):
    """Two lost their vote logs: linked to everybody, and they sign nothing."""
    alpha, pair = c.nodes[0], c.nodes[2:]
    for n in pair:
        assert n.stop() == 0
        for name in os.listdir(n.home):
            if name.startswith("votes"):
                os.unlink(os.path.join(n.home, name))
        n.start()
    wait("all are linked", 120,
         lambda: alpha.call("status")["connected"] == 4)
    wait("no block for ten seconds, and nothing else is wrong", 120,
         lambda: [k["check"] for k in alpha.call("health")["checks"]
                  if not k["ok"]] == ["blocks"])
    p = run(program("qmlctl"), "health", "--home", alpha.home, code=7)
    assert "FAIL  blocks: waits for" in p.stdout, p.stdout
    p = run(program("qmlctl"), "health", "--home", pair[0].home, code=7)
    assert "FAIL  signing: follows, and signs from block" in p.stdout or \
        "FAIL  signing: in quarantine" in p.stdout, p.stdout
    # The blocks that each lets pass never come, so it takes a person's word.
    for n in pair:
        assert n.stop() == 0
        p = run(program("qmlnode"), "assert-never-voted", "--home", n.home,
                "--i-know")
        assert "by your word" in p.stdout, p.stdout
        n.start()
        n.rpc().close()
    top = max(c.heights())

    def goes_on():
        for n in pair:
            # The open round's answer was in the lost log, and comes back.
            if waiting(n)["reason"] == "key_twice":
                assert n.stop() == 0
                n.start()
                n.rpc().close()
        return min(c.heights()) >= top + 3
    wait("blocks again", 240, goes_on)


def main():
    tap = Tap()
    with Consortium(rounds=100000) as c:
        c.start()
        c.wait_height(3, 120)
        tap.run("a trainer that is late", lambda: own_trainer(c))
        tap.run("two that say nothing", lambda: held(c))
        tap.run("one after another ends", lambda: stopped(c))
        tap.run("two that may not sign", lambda: mute(c))

        def clean():
            assert c.stop() == [0, 0, 0, 0]
        tap.run("all four end as they should", clean)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
