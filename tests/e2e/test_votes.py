#!/usr/bin/env python3
"""Votes on four real daemons: a parameter, and the rule and clip of the running
job, change at all of them and stay changed over a restart, a pause stops the
rounds and lapses by itself, and an upgrade that this program does not know
stops it before its height."""

import json
import sys

from consortium import PATIENCE, Consortium, Tap, program, run, wait

QMLCTL = program("qmlctl")


def ctl(node, *words, code=0):
    return run(QMLCTL, *words, "--home", node.level().home, "--timeout", "300",
               code=code)


def proposals(node):
    return node.level().call("ledger.list", table="proposals")["rows"]


def proposal(node, i):
    return next((p for p in proposals(node) if p["id"] == i), None)


def params(node):
    return node.call("status")["params"]


def vote(nodes, i):
    """A poll is open for some blocks only: no program is started for each."""
    for n in nodes:
        n.call("tx.submit", kind="vote", id=i, option="yes")


def decide(c, *words, voters=4):
    """Proposed by the first, voted for by `voters`, carried out everywhere;
    its number. A poll that was over before a busy machine had voted is held
    again."""
    for _ in range(5):
        i = len(proposals(c.nodes[0])) + 1
        ctl(c.nodes[0], "proposal", "new", *[
            w() if callable(w) else w for w in words])
        wait("the proposal at all", 30, lambda: all(
            proposal(n, i) for n in c.nodes))
        try:
            vote(c.nodes[:voters], i)
        except RuntimeError as e:  # refused
            print("# proposal %d: %s" % (i, e))
        for n in c.nodes:
            wait("the end of proposal %d at %s" % (i, n.name), 60, lambda n=n:
                 proposal(n, i)["state"] not in ("open", "queued"))
        if proposal(c.nodes[0], i)["state"] == "executed":
            return i
    raise AssertionError(proposals(c.nodes[0]))


def a_parameter(c):
    was = params(c.nodes[0])["collect"]
    assert was == 2000, was
    i = decide(c, "param", "more time", "--set",
               "collect=3s,straggler=12s,answers_min=3", voters=3)
    p = proposal(c.nodes[1], i)
    assert p["does"] == ("sets collect to 3000 ms, straggler to 12000 ms, "
                         "answers_min to 3"), p
    text = ctl(c.nodes[2], "proposal", "list").stdout
    assert "sets collect to 3000 ms" in text, text
    for n in c.nodes:
        assert params(n)["collect"] == 3000, (n.name, params(n))

        # It doubles after a round that was skipped.
        def rounds_of_3s(n=n):
            r = n.call("status")["round"]
            return r["collect_at_ms"] - r["opened_ms"] == 3000
        wait("rounds of 3 s at " + n.name, 60, rounds_of_3s)


def aggregated(node):
    return node.call("status")["round"]["aggregated"]


def rounds_by(c, rule, clip):
    """Rounds close by it at all four, who have one chain."""
    for n in c.nodes:
        p = params(n)
        assert p["rule"] == rule and p["clip"] == clip, (n.name, p)
    start = aggregated(c.nodes[0])
    for n in c.nodes:
        wait("rounds by %s at %s" % (rule, n.name), 60,
             lambda n=n: aggregated(n) >= start + 3)
    top = min(c.heights())
    assert len({n.call("block", height=top)["id"] for n in c.nodes}) == 1


def a_rule(c):
    status = c.nodes[0].call("status")
    assert status["params"]["rule"] != "nnm+median", status["params"]
    assert status["params"]["clip"] == 16, status["params"]
    i = decide(c, "rule", "stronger", "--set", "rule=nnm+median,clip=0.5",
               voters=3)
    p = proposal(c.nodes[1], i)
    assert p["does"].startswith("combines the running job's updates by "
                                "nnm+median, faults auto"), p
    assert "clip 0.5" in p["does"], p
    text = ctl(c.nodes[2], "proposal", "show", str(i)).stdout
    assert "nnm+median" in text, text
    now = c.nodes[0].call("status")["round"]
    assert now["job"] == status["round"]["job"], now
    assert now["aggregated"] >= status["round"]["aggregated"], now
    rounds_by(c, "nnm+median", 0.5)


def refused(c):
    def no(text, *words, code):
        p = ctl(c.nodes[0], "proposal", "new", *words, code=code)
        assert text in p.stderr, (text, p.stderr)

    no("want a number, or a duration", "param", "x", "--set", "collect=soon",
       code=2)
    no("want NAME=VALUE", "param", "x", "--set", "colect=3s", code=2)
    no("out of bounds", "param", "x", "--set", "collect=1h", code=9)
    no("out of bounds", "param", "x", "--set", "straggler=2s", code=9)
    no("want 1 to 10000", "pause", "x", "--blocks", "0", code=2)
    no("want rule=NAME", "rule", "x", "--set", "rule=nnm+meen", code=2)
    no("want rule=NAME", "rule", "x", "--set", "clip=short", code=2)
    no("out of bounds", "rule", "x", "--set", "rule=nnm+nnm+mean", code=9)
    no("out of bounds", "rule", "x", "--set", "clip=0", code=9)
    no("out of bounds", "upgrade", "x", "--version", "1", "--height", "99999",
       code=9)
    # It could only fail once it had passed.
    no("the vote takes effect with block", "upgrade", "x", "--version", "2",
       "--height", str(c.nodes[0].height() + 2), code=2)
    no("text, param, rule, member", "rules", "x", code=2)
    no("want 1 or more", "member", "x", "--member", "beta", "--power", "0",
       code=2)
    no("--power P, --weight W or both", "member", "x", "--member", "beta",
       code=2)
    no("there is no member 'zeta'", "member", "x", "--remove", "zeta", code=2)


def restart(c):
    assert c.stop() == [0, 0, 0, 0]
    c.start()
    for n in c.nodes:
        assert params(n)["collect"] == 3000, n.name
    top = max(c.heights())
    c.wait_height(top + 3)
    rounds_by(c, "nnm+median", 0.5)


def a_pause(c):
    decide(c, "pause", "stop", "--blocks", "30", voters=3)
    until = params(c.nodes[0])["paused_until"]
    assert until > 0, until
    closed = c.nodes[0].call("status")["round"]["aggregated"]
    wait("the end of the pause", 60,
         lambda: c.nodes[0].height() >= until - 1)
    kinds = [c.nodes[0].call("block", height=h)["kind"]
             for h in range(until - 25, until)]
    assert set(kinds) == {"ordinary"}, kinds
    wait("rounds again", 60, lambda: c.nodes[0].call("status")["round"][
        "aggregated"] > closed)
    assert params(c.nodes[0])["paused_until"] == until


def audited(c):
    assert c.stop() == [0, 0, 0, 0]
    for n in c.nodes:
        run(program("qmlnode"), "audit", n.home, "--json")
    c.start()


def upgrade_to(c, version):
    decide(c, "upgrade", "next", "--version", str(version), "--height",
           lambda: str(max(n.height() for n in c.nodes[:3]) + 150))
    return params(c.nodes[0])["next_version_at"]


def new_rules(c):
    """One node has an old program: it stops at the height and says so, the
    others go on; with the new program it follows."""
    old = c.nodes[3]
    c.wait_height(max(c.heights()) + 1)
    assert old.stop() == 0
    old.args = ["--old-rules-for-tests", "1"]
    old.start()
    c.wait_height(max(n.height() for n in c.nodes[:3]) + 3)
    at = upgrade_to(c, 2)
    wait("the old program's end", 2 * PATIENCE,
         lambda: old.proc.poll() is not None)
    assert old.proc.returncode == 78, old.log()[-500:]
    old.proc = None
    assert "from height %d on the members run rules of version 2; this " \
        "program knows up to 1: install a newer one" % at in old.log(), \
        old.log()[-500:]
    c.wait_height(at + 5, nodes=c.nodes[:3])
    p = run(program("qmlnode"), "run", "--home", old.home, *old.args, code=78)
    assert "install a newer one" in p.stderr, p.stderr
    said = json.loads(run(program("qmlnode"), "audit", old.home,
                          "--json").stdout)
    assert said["blocks"] == at - 1, (said, at)
    old.args = []
    old.start()
    c.wait_height(at + 10)
    assert len({n.call("block", height=at)["id"] for n in c.nodes}) == 1


def an_upgrade(c):
    assert params(c.nodes[0])["version"] == 2, params(c.nodes[0])
    at = upgrade_to(c, 3)
    # To people as well, as long as there is time to install something.
    n = c.nodes[0]
    p = ctl(n, "health", code=None)
    said = ctl(n, "status", code=None).stdout
    if p.returncode not in (3, 6) and said:  # it has not stopped yet
        assert p.returncode == 7, p
        assert "FAIL  rules: from block %d on" % at in p.stdout, p.stdout
        assert "rules    version 3 from block %d on; this program knows up " \
            "to 2" % at in said, said
    # When three have stopped, the fourth may lack their last block; it waits.
    wait("three have stopped", 2 * PATIENCE, lambda: sum(
        n.proc.poll() is not None for n in c.nodes) >= 3)
    stopped = [n for n in c.nodes if n.proc.poll() is not None]
    for n in stopped:
        assert n.proc.returncode == 78, n.log()[-500:]
        n.proc = None
        assert "from height %d on the members run rules of version 3" % at \
            in n.log(), n.log()[-500:]
    n = stopped[0]
    p = run(program("qmlnode"), "run", "--home", n.home, code=78)
    assert "install a newer one" in p.stderr, p.stderr
    p = run(program("qmlnode"), "check", "--home", n.home, code=78)
    assert "from block %d on the members run rules of version 3" % at in \
        p.stderr, p.stderr
    # By the rules of each block's own version.
    p = run(program("qmlnode"), "audit", n.home, "--json")
    assert json.loads(p.stdout)["blocks"] >= at - 1, p.stdout


def faster(text):
    """Blocks, and so votes, do not wait for a heartbeat of ten seconds."""
    assert "heartbeat: 10s" in text
    return text.replace("heartbeat: 10s", "heartbeat: 60ms") + (
        "economy:\n  voting_period: 30\n  voting_extension: 5\n"
        "  voting_lock: 2\n")


def main():
    tap = Tap()
    with Consortium(rounds=100000, edit=faster) as c:
        c.start()
        c.wait_height(2)
        tap.run("a vote changes a parameter everywhere",
                lambda: a_parameter(c))
        tap.run("a vote changes rule and clip of the running job",
                lambda: a_rule(c))
        tap.run("what is out of bounds is refused", lambda: refused(c))
        tap.run("it stays over a restart", lambda: restart(c))
        tap.run("a pause, and its end", lambda: a_pause(c))
        tap.run("four chains pass the audit", lambda: audited(c))
        tap.run("new rules from a height on, and an old program stops",
                lambda: new_rules(c))
        tap.run("an upgrade nobody has stops all before it",
                lambda: an_upgrade(c))
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
