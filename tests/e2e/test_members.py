#!/usr/bin/env python3
"""Members that change, on real daemons: a fifth machine is invited into a
running federation of four, joins with one pasted line, watches the vote, takes
part; a lost machine's seat goes to another one's keys; one member leaves."""

import json
import os
import signal
import sqlite3
import subprocess
import sys

from consortium import PATIENCE, Consortium, Node, Tap, free_ports, program, run, wait

QMLCTL = program("qmlctl")


def ctl(node, *words, code=0):
    return run(QMLCTL, *words, "--home", node.level().home, "--timeout", "300",
               code=code)


def proposals(node):
    return node.level().call("ledger.list", table="proposals")["rows"]


def members(node):
    return {m["name"]: m for m in node.call("members")["members"]
            if m["power"] > 0}


def faster(text):
    assert "heartbeat: 10s" in text
    return text.replace("heartbeat: 10s", "heartbeat: 100ms") + (
        "economy:\n  voting_period: 60\n  voting_extension: 5\n"
        "  voting_lock: 1\n")


def machine(c, name, rows):
    """A home of its own; what qmlnode init prints goes to a member."""
    port = free_ports(1)[0]
    node = Node(name, os.path.join(c.dir, name), port)
    p = run(program("qmlnode"), "init", "--home", node.home, "--name", name,
            "--listen", "127.0.0.1:%d" % port, "--data",
            os.path.join(c.dir, "rows", rows))
    return node, p.stdout.strip()


def join(node, line):
    return subprocess.Popen(
        [program("qmlnode"), "join", line, "--home", node.home],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def vote(nodes):
    i = max(p["id"] for p in proposals(nodes[0]))
    for n in nodes:
        wait("proposal %d at %s" % (i, n.name), 30, lambda n=n: any(
            p["id"] == i for p in proposals(n)))
    # A poll is open for some blocks only: no program is started for each vote.
    for n in nodes:
        n.call("tx.submit", kind="vote", id=i, option="yes")
    return i


def state(node, i):
    return next(p["state"] for p in proposals(node) if p["id"] == i)


def rounds_with(c, name, count, seconds=90):
    """Closed rounds, from now on, that have an update of this member."""
    node = c.nodes[0]
    height = node.height()

    def have():
        found = [r for r in node.call("rounds", n=50)["rounds"]
                 if r["height"] > height]
        parts = [node.call("round", n=r["round"])["parts"] for r in found]
        return sum(any(p["member"] == name and p["update"] for p in x)
                   for x in parts) >= count
    wait("%d rounds with %s" % (count, name), seconds, have)


def new_machine(c, name, rows, line):
    """Nothing there but the line: keys, home and place in the federation."""
    port = free_ports(1)[0]
    node = Node(name, os.path.join(c.dir, name), port)
    return node, subprocess.Popen(
        [program("qmlnode"), "join", line, "--home", node.home, "--listen",
         "127.0.0.1:%d" % port, "--data",
         os.path.join(c.dir, "rows", rows)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def only_members_count(node, count, other, state):
    """Nothing is expected of who is voted on, or has left."""
    s = node.call("status")
    assert (s["members"], s["tolerates"]) == (count, (count - 1) // 3), s
    assert s["connected"] <= count, s
    assert other not in s["waiting"]["members"], s["waiting"]
    assert other not in s["agreement"]["benched"], s["agreement"]
    assert other not in s["round"].get("answers_missing", []), s["round"]
    there = {m["name"]: m["state"] for m in node.call("members")["members"]}
    assert there.pop(other) == state and "" not in there, there
    assert set(there.values()) == {"member"}, there


def fifth(c):
    before = len(proposals(c.nodes[0]))
    p = ctl(c.nodes[0], "invite", "alpha", code=9)
    assert "--replace alpha" in p.stderr, p.stderr
    ctl(c.nodes[0], "invite", "x", "--replace", "nobody", code=5)
    ctl(c.nodes[0], "invite", "x", "--power", "much", code=2)
    line = ctl(c.nodes[0], "invite", "epsilon").stdout.strip()
    assert line.startswith("qmljoin2 "), line
    # It was not pasted yet: there is nothing to vote on.
    assert len(proposals(c.nodes[0])) == before
    # Another name than it is for: refused, and good as before.
    other = os.path.join(c.dir, "other")
    p = run(program("qmlnode"), "join", line, "--home", other, "--name",
            "mallory", "--listen", "127.0.0.1:1", code=1)
    assert "is for epsilon" in p.stderr, p.stderr
    node, j = new_machine(c, "epsilon", "node0.csv", line)
    assert j.stdout.readline().startswith("alpha puts this node to the vote")
    wait("the joiner's first line", 60,
         lambda: "waits for votes: 0 yes" in j.stdout.readline())
    only_members_count(c.nodes[0], 4, "epsilon", "candidate")
    vote(c.nodes[:3])
    out, err = j.communicate(timeout=2 * PATIENCE)
    assert j.returncode == 0, (out, err)
    assert "voted in" in out, out
    assert any("%d yes" % k in out for k in (1, 2, 3)) or \
        "the members said yes" in out, out
    assert "federation \"e2e\", founded by 4 members" in err, err
    assert len(proposals(c.nodes[0])) == before + 1
    c.nodes.append(node)
    node.start()
    top = max(n.height() for n in c.nodes[:4])
    c.wait_height(top + 3)
    for n in c.nodes:
        wait("five members at " + n.name, 30, lambda n=n: len(members(n)) == 5)
    rounds_with(c, "epsilon", 3)
    head = [n.call("block", height=top)["id"] for n in c.nodes]
    assert len(set(head)) == 1, head
    # What the signers of the first block had, five members do not say.
    block = c.nodes[0].call("block", height=1)["certificate"]
    assert block["power"] is None and len(block["signers"]) >= 3, block
    block = c.nodes[0].call("block", height="head")["certificate"]
    assert block["total_power"] == 5 and block["power"] >= 4, block
    assert c.nodes[0].call("block", height=0)["members"] == 4
    # Once is all that it is good for.
    _, late = new_machine(c, "late", "node0.csv", line)
    out, err = late.communicate(timeout=2 * PATIENCE)
    assert late.returncode == 4 and "Ask for another line" in err, (out, err)


def not_voted_in(c):
    """Nobody votes for it: it is told, and its seat is as if never given."""
    line = ctl(c.nodes[0], "invite", "ghost").stdout.strip()
    _, j = new_machine(c, "ghost", "node0.csv", line)
    out, err = j.communicate(timeout=2 * PATIENCE)
    assert j.returncode == 1, (j.returncode, out, err)
    assert "not voted in" in err or "over without it" in err, (out, err)
    for n in c.nodes:
        wait("a free seat at " + n.name, 60, lambda n=n: sorted(
            m["name"] for m in n.call("members")["members"]) == [
                "alpha", "beta", "delta", "epsilon", "gamma"])
    s = c.nodes[0].call("status")
    assert (s["members"], s["tolerates"]) == (5, 1), s
    assert "" not in s["agreement"]["benched"], s["agreement"]
    names = [p["name"] for p in c.nodes[0].call("peers")["peers"]]
    assert sorted(names) == ["beta", "delta", "epsilon", "gamma"], names


def quorum_needs_it(c):
    """Five members, quorum four: with one of the founders down, no block comes
    without the new one."""
    c.nodes[3].stop()
    top = c.nodes[0].height()
    c.wait_height(top + 5, nodes=c.nodes[:3] + c.nodes[4:])
    c.nodes[4].stop()
    stuck = max(n.height() for n in c.nodes[:3])
    for n in c.nodes[:3]:
        wait("a word about the quorum", 30,
             lambda n=n: "no quorum" in n.call("status")["why"])
    assert max(n.height() for n in c.nodes[:3]) <= stuck + 1
    c.nodes[3].start()
    c.nodes[4].start()
    c.wait_height(stuck + 5)


def replaced(c):
    """The machine of delta is lost: its seat goes to other keys."""
    c.nodes[3].stop()
    node, line = machine(c, "zeta", "node3.csv")
    run(program("qmlnode"), "run", "--home", node.home, code=78)
    line = ctl(c.nodes[0], "invite", line, "--replace",
               "delta").stdout.strip()
    j = join(node, line)
    vote(c.nodes[:3])
    out, err = j.communicate(timeout=2 * PATIENCE)
    assert j.returncode == 0, (out, err)
    lost = c.nodes[3]
    c.nodes[3] = node
    node.start()
    top = c.nodes[0].height()
    c.wait_height(top + 3)
    assert sorted(members(node)) == [
        "alpha", "beta", "delta", "epsilon", "gamma"], members(node)
    wait("the name of its seat", 60,
         lambda: node.call("status")["name"] == "delta")
    rounds_with(c, "delta", 2)
    # The old machine comes back: it may look, and no more.
    lost.start()
    lost.rpc().close()
    top = c.nodes[0].height()
    c.wait_height(top + 3)
    code = lost.stop()
    assert code == 0, (code, lost.log()[-1500:])


def leaves(c):
    gone = c.nodes[4]
    first = json.loads(ctl(gone, "leave", "--json").stdout)["proposal"]
    # It is asked for once, as long as that is open.
    p = ctl(gone, "leave")
    assert p.stdout == "proposal %d\n" % first or \
        state(c.nodes[0], first) != "open", (first, p.stdout)
    rows = {r["id"]: r["does"] for r in proposals(c.nodes[0])}
    assert rows[first] == "removes member epsilon", rows
    i = vote(c.nodes[:4])
    wait("carried out", 90, lambda: state(c.nodes[0], i) == "executed")
    for n in c.nodes[:4]:
        wait("four members at " + n.name, 30, lambda n=n: len(members(n)) == 4)
    wait("it says so", 30, lambda: "has no seat any more" in gone.log())
    only_members_count(c.nodes[0], 4, "epsilon", "left")
    w = wait("and why it stands still", 30, lambda: next((
        w for w in [gone.call("status")["waiting"]]
        if w["reason"] == "no_seat"), None))
    assert w["members"] == [], w
    said = run(QMLCTL, "health", "--home", gone.home, code=7).stdout
    assert "has no seat any more, by the members' vote" in said, said
    code = gone.stop()
    assert code == 0, (code, gone.log()[-1500:])
    c.nodes.pop()
    top = c.nodes[0].height()
    c.wait_height(top + 5)


def carried(c):
    """In one file, with and without the updates, to somebody who knows no more
    than the id: the members are followed from the founding."""
    said = json.loads(run(program("qmlnode"), "audit", c.nodes[0].home,
                          "--json").stdout)
    for words in ([], ["--without-payloads"]):
        out = os.path.join(c.dir, "bundle")
        wrote = json.loads(run(
            QMLCTL, "chain", "export", out, *words, "--json", "--home",
            c.nodes[0].home).stdout)
        assert wrote["payloads"] != bool(words), wrote
        assert wrote["blocks"] == said["blocks"], (wrote, said)
        p = run(program("qmlnode"), "audit", out, "--federation",
                said["federation"], "--json")
        got = json.loads(p.stdout)
        assert got["blocks"] == said["blocks"], (got, said)
        assert got["light"] == bool(words), got
    run(program("qmlnode"), "audit", out, "--against", c.nodes[1].home)
    # And for people: a row for each seat.
    db = sqlite3.connect("file:%s?mode=ro" % os.path.join(
        c.nodes[0].home, "index.db"), uri=True)
    rows = dict(db.execute("SELECT name, power FROM members"))
    db.close()
    assert rows == {"alpha": 1, "beta": 1, "gamma": 1, "delta": 1,
                    "epsilon": 0}, rows


def audited(c):
    assert c.stop() == [0] * len(c.nodes)
    for n in c.nodes:
        run(program("qmlnode"), "audit", n.home, "--json")
    carried(c)
    c.start()
    c.wait_height(max(c.heights()) + 3)


def by_a_late_member(c):
    """Whoever invites need be no founder, and no founder need be there: his
    keys are in the line. Here he has the seat of a lost machine."""
    host, founders = c.nodes[3], c.nodes[:3]
    line = ctl(host, "invite", "theta").stdout.strip()
    node, j = new_machine(c, "theta", "node0.csv", line)
    assert "puts this node to the vote" in j.stdout.readline()
    wait("the joiner's first line", 60,
         lambda: "waits for votes: 0 yes" in j.stdout.readline())
    vote(founders)
    out, err = j.communicate(timeout=2 * PATIENCE)
    assert j.returncode == 0, (out, err)
    c.nodes.append(node)
    for n in founders:
        n.proc.send_signal(signal.SIGSTOP)
    try:
        top = host.height()
        node.start()
        c.wait_height(top, nodes=[node])
    finally:
        for n in founders:
            n.proc.send_signal(signal.SIGCONT)
    c.wait_height(top + 3)
    wait("all links", 60, lambda:
         node.call("status")["connected"] == 5)


def main():
    tap = Tap()
    with Consortium(rounds=100000, edit=faster) as c:
        c.start()
        c.wait_height(2)
        tap.run("a fifth joins with one line and takes part",
                lambda: fifth(c))
        if os.environ.get("QML_TEST_LONG"):
            tap.run("one is not voted in", lambda: not_voted_in(c))
        tap.run("the quorum is one of five", lambda: quorum_needs_it(c))
        tap.run("a lost machine is replaced", lambda: replaced(c))
        tap.run("one leaves", lambda: leaves(c))
        tap.run("all chains pass the audit, and all start again",
                lambda: audited(c))
        tap.run("one is invited by who is no founder",
                lambda: by_a_late_member(c))
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
