#!/usr/bin/env python3
"""Two daemons with one key: a home that was copied to another machine.

Whichever hears first of something signed with its key that it did not sign
stops signing and says so, in the log and in status; the other members never
fork, and their own votes are never double. When one of the two is stopped and
the other started again, the member votes again.
"""

import re
import shutil
import sys

from consortium import Consortium, Node, Tap, free_ports, program, run, wait

VOTE = re.compile(r"ev=vote.seen (height=\d+ round=\d+ type=\d+ "
                  r"validator=(\d+)) block=([0-9a-f]+)")


def copied(c, node):
    """The same home on what stands for another machine."""
    home = node.home + ".copy"
    shutil.copytree(node.home, home, ignore=shutil.ignore_patterns(
        "lock", "log", "*.sock"))
    copy = Node(node.name + " (copy)", home, free_ports(1)[0])
    copy.configure("127.0.0.1:%d" % node.port, "127.0.0.1:%d" % copy.port)
    return copy


def says_twice(node):
    s = node.call("status")
    return s["waiting"]["reason"] == "key_twice" and (
        "the key of this node is in use elsewhere" in s["why"] or
        "with this node's key already: is it in use on" in s["why"])


def found_out(pair):
    """Either one hears what it did not sign, or the copy gets no links: the
    others have one with its key."""
    said = wait("one of the two says so", 120, lambda: [
        n for n in pair if says_twice(n)])
    for n in said:
        s = n.call("status")
        print("# %s: %s" % (n.name, s["why"]))
        h = wait("%s is not healthy" % n.name, 60, lambda: next((
            h for h in [n.call("health")] if not h["ok"]), None))
        bad = [k["check"] for k in h["checks"] if not k["ok"]]
        assert "signing" in bad or "quorum" in bad, h
        if "signing" in bad:
            assert "is in use twice" in n.log(), n.log()[-2000:]
            text = run(program("qmlctl"), "status", "--home", n.home).stdout
            assert "is in use elsewhere" in text, text


def one_chain(nodes):
    top = min(n.height() for n in nodes)
    for height in range(1, top + 1):
        ids = {n.call("block", height=height)["id"] for n in nodes}
        assert len(ids) == 1, (height, ids)
    print("# %d blocks, the same at all %d" % (top, len(nodes)))


def no_double_votes(honest, twice):
    """By every vote that anybody received; the doubled key is known."""
    seen, double = {}, set()
    for n in honest + twice:
        for m in VOTE.finditer(n.log()):
            key, validator, block = m.groups()
            if seen.setdefault(key, block) != block:
                double.add(validator)
    print("# %d votes, by these twice: %s" % (len(seen), sorted(double)))
    # Votes name seats, and those stand in the order of node ids.
    members = honest[0].call("members")["members"]
    own = [str(m["index"]) for m in members if m["name"] == twice[0].name]
    assert double <= set(own), (double, own)
    assert len(seen) > 20, len(seen)


def mended(c, node, copy):
    """The operator stops the copy and starts the other once more."""
    assert copy.stop() == 0
    assert node.stop() == 0
    node.start()
    c.wait_height(max(c.heights()) + 3, 120)
    wait("%s signs" % node.name, 120, lambda: not node.call("status")[
        "silent"] and node.call("health")["ok"])
    # Blocks need three of four: with one away, they need this one.
    assert c.nodes[0].stop() == 0
    others = c.nodes[1:]
    c.wait_height(max(n.height() for n in others) + 3, 120, others)
    assert not says_twice(node)
    c.nodes[0].start()
    c.wait_height(max(n.height() for n in others), 120, c.nodes[:1])


def main():
    tap = Tap()
    with Consortium(rounds=100000) as c:
        for node in c.nodes:
            node.configure("#level: info", "level: debug")
        node, honest = c.nodes[3], c.nodes[:3]
        c.start()
        c.wait_height(3, 120)
        copy = copied(c, node)
        try:
            copy.start()
            copy.rpc().close()
            tap.run("it is found out and said",
                    lambda: found_out([node, copy]))

            def goes_on():
                target = max(n.height() for n in honest) + 5
                c.wait_height(target, 120, honest)
                one_chain(honest)
            tap.run("the others go on, on one chain", goes_on)
            tap.run("no honest member voted twice",
                    lambda: no_double_votes(honest, [node, copy]))
            tap.run("one stopped, one started again",
                    lambda: mended(c, node, copy))
        finally:
            if copy.proc is not None:
                copy.proc.kill()
                copy.proc.wait()

        def audited():
            assert c.stop() == [0, 0, 0, 0]
            for n in c.nodes:
                run(program("qmlnode"), "audit", n.home, "--json")
        tap.run("four chains pass the audit", audited)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
