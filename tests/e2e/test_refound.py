#!/usr/bin/env python3
"""A quorum is lost for good, on real daemons: of four members two are
destroyed, the other two go on from the last block under another id, with all
that was owned and learnt; whoever was left out, or looks later, is told."""

import json
import os
import re
import shutil
import subprocess
import sys

from consortium import Consortium, Tap, program, run, wait

QMLNODE = program("qmlnode")
QMLCTL = program("qmlctl")


def refound(node, *words, code=0):
    return run(QMLNODE, "refound", *words, "--home", node.home, code=code)


def balance(node, name):
    return node.call("ledger.account", account=name)["account"]["balance"]


def audit(path, *words, code=0):
    p = run(QMLNODE, "audit", path, "--json", *words, code=code)
    return json.loads(p.stdout)


def aggregated(node):
    return node.call("status")["round"]["aggregated"]


class Story:
    def __init__(self, c):
        self.c = c
        self.left, self.lost = c.nodes[:2], c.nodes[2:]
        self.had = {}

    def lose(self):
        """Two of four: no block comes any more."""
        c = self.c
        wait("some rounds", 120, lambda: aggregated(c.nodes[0]) >= 3)
        self.old = c.nodes[0].call("status")["federation"]
        for n in self.lost:
            n.kill()

        def level():
            a, b = [(n.height(), n.call("block", height="head")["id"])
                    for n in self.left]
            return a == b and all("no quorum" in n.call("status")["why"]
                                  for n in self.left)
        wait("both at one block, without a quorum", 120, level)
        self.height = self.left[0].height()
        self.model = self.left[0].call("model")["params_q24"]
        self.had = {n: balance(self.left[0], n) for n in c.names[:4]}
        self.rounds = aggregated(self.left[0])
        refound(self.left[0], "--with", "alpha,beta", code=75)
        for n in self.left:
            assert n.stop() == 0

    def agree(self):
        alpha, beta = self.left
        p = refound(alpha, "--with", "alpha,beta,gamma", code=9)
        assert "are a quorum" in p.stderr, p.stderr
        refound(alpha, "--with", "beta", code=2)
        refound(alpha, "--with", "alpha,nobody", code=5)
        # Whoever is left out is named, or nothing is signed.
        p = refound(alpha, "--with", "alpha,beta", code=2)
        assert re.search(r"(gamma|delta) would be left out for good",
                         p.stderr), p.stderr
        p = refound(alpha, "--with", "alpha,beta", "--without", "gamma",
                    code=2)
        assert "delta would be left out for good" in p.stderr, p.stderr
        refound(alpha, "--with", "alpha,beta", "--without", "beta", code=2)
        refound(alpha, "--without", "gamma,delta", code=2)
        assert not os.path.exists(os.path.join(alpha.home, "refounding"))
        p = refound(alpha, "--with", "alpha,beta", "--without", "gamma,delta")
        one = p.stdout.strip()
        assert "has to sign" in p.stderr, p.stderr
        # Signed, so nothing for the old federation any more; and no other.
        p = run(QMLNODE, "run", "--home", alpha.home, code=78)
        assert "not complete" in p.stderr, p.stderr
        p = refound(alpha, "--with", "alpha", "--without", "beta,gamma,delta",
                    code=9)
        assert "signed another one" in p.stderr, p.stderr
        # Whose line is it? And without its quotes, broken by a mail.
        p = refound(beta, "qmljoin2 qf1 x", code=2)
        assert "qmlnode join" in p.stderr, p.stderr
        # Again is the same, and one is not enough.
        assert refound(alpha, one).stdout.strip() == one
        assert not os.path.exists(os.path.join(alpha.home, "refounded"))
        # One digit, and whose line is of another chain.
        spoilt = one[:40] + ("0" if one[40] != "0" else "1") + one[41:]
        refound(beta, spoilt, code=2)
        two = refound(beta, "'" + "\n".join(
            one[i:i + 76] for i in range(0, len(one), 76)) + "'\n")
        assert "All have signed" in two.stderr, two.stderr
        self.line = two.stdout.strip()
        assert self.line != one
        # Lost on the way: beta has it still.
        assert refound(beta, *one.split()).stdout.strip() == self.line
        refound(alpha, *self.line.split())
        # Who is left out sees it, and has nothing to sign.
        p = refound(self.lost[1], self.line, code=None)
        assert p.returncode in (4, 9), (p.returncode, p.stderr)

    def alone(self):
        """As if beta were lost, too, before they had a block: on a copy."""
        home = os.path.join(self.c.dir, "copy")
        shutil.copytree(self.left[0].home, home, symlinks=True,
                        ignore=shutil.ignore_patterns("*.sock"))
        first = audit(home)["refounded"]["id"]
        p = run(QMLNODE, "refound", "--with", "alpha", "--without",
                "beta", "--home", home)
        assert "All have signed" in p.stderr, p.stderr
        said = audit(home)
        second = said["refounded"]["id"]
        assert second not in (first, self.old), said
        assert said["refounded"]["block"] == self.height, said
        audit(home, "--federation", second)
        audit(home, "--federation", first, code=8)
        audit(home, "--federation", self.old, code=8)

    def go_on(self):
        for n in self.left:
            n.start()
        self.c.wait_height(self.height + 5, 120, nodes=self.left)
        alpha = self.left[0]
        self.new = alpha.call("status")["federation"]
        said = json.loads(run(QMLNODE, "id", "--home", alpha.home,
                              "--json").stdout)
        assert said["federation"] == self.new, said
        assert self.new != self.old
        wait("rounds of two", 120,
             lambda: aggregated(alpha) >= self.rounds + 3)
        for name, had in self.had.items():
            assert balance(alpha, name) >= had, (name, had)
        names = [m["name"] for m in alpha.call("members")["members"]
                 if m["power"] > 0]
        assert sorted(names) == ["alpha", "beta"], names
        assert alpha.call("model")["params_q24"] != self.model

    def audited(self):
        alpha = self.left[0]
        self.closed = alpha.call("rounds", n=1000)["rounds"]
        for n in self.left:
            assert n.stop() == 0
        for n in self.left:
            said = audit(n.home, "--federation", self.new)
            assert said["audit"] == "ok", said
            names = said["refounded"].pop("without").split(", ")
            assert sorted(names) == ["delta", "gamma"], said
            assert said["refounded"] == {
                "id": self.new, "block": self.height}, said
        # The id of before does not vouch for two of four.
        said = audit(alpha.home, "--federation", self.old, code=8)
        # In the order of their seats, which the keys decide.
        assert re.search(r"without (gamma, delta|delta, gamma)\b",
                         said["fault"]["why"]), said
        for words in ([], ["--without-payloads"]):
            out = os.path.join(self.c.dir, "bundle")
            run(QMLCTL, "chain", "export", out, *words, "--home", alpha.home)
            got = audit(out, "--federation", self.new)
            assert got["audit"] == "ok" and got["light"] == bool(words), got
            audit(out, "--federation", self.old, code=8)
        self.proved()
        # What is there of before is a chain of its own: the prologue.
        said = audit(self.lost[0].home, "--federation", self.old)
        assert said["audit"] == "ok" and "refounded" not in said, said
        audit(self.lost[0].home, "--federation", self.new, code=8)
        # Signed by one only, it is nobody's.
        path = os.path.join(alpha.home, "refounded")
        with open(path, "rb") as f:
            whole = f.read()
        with open(path, "wb") as f:
            f.write(whole[:-40] + bytes([whole[-40] ^ 1]) + whole[-39:])
        said = audit(alpha.home, code=8)
        with open(path, "wb") as f:
            f.write(whole)
        audit(alpha.home)

    def proved(self):
        """A block of before, the last of before, and one of after."""
        alpha, out = self.left[0], os.path.join(self.c.dir, "proof.json")
        light = os.path.join(self.c.dir, "bundle")
        top = audit(alpha.home)["blocks"]
        for source in (alpha.home, light):
            for height in (1, self.height, self.height + 1, top - 1):
                run(QMLNODE, "audit", source, "--proof", str(height), "--out",
                    out)
                p = run(QMLNODE, "audit", "--verify", out, "--federation",
                        self.new)
                assert "re-founded from      %s" % self.old in p.stdout, p
                p = run(QMLNODE, "audit", "--verify", out, "--federation",
                        self.old, code=8)
                assert "re-founded since" in p.stderr, p.stderr
        with open(out) as f:
            proof = json.load(f)
        one = next(x for x in proof["changes"] if "refounded" in x)
        for spoilt in (one["refounded"][:-2] + "%02x" % (
                int(one["refounded"][-2:], 16) ^ 1), one["refounded"][:-2], ""):
            one["refounded"] = spoilt
            with open(out, "w") as f:
                json.dump(proof, f)
            run(QMLNODE, "audit", "--verify", out, code=8)

    def replayed(self):
        """The rows' holder trains again, before it and after it."""
        alpha = self.left[0]
        closed = [r for r in self.closed if r["kind"] == "aggregate"]
        for r in (closed[0], closed[-1]):
            run(program("qmltrain"), "replay", "--home", alpha.home,
                "--member", "alpha", "--data",
                os.path.join(self.c.dir, "rows", "node0.csv"),
                "--round", str(r["round"]))
        assert closed[0]["height"] <= self.height < closed[-1]["height"]

    def restarted(self):
        """Both, and one that was left out and is back: it is alone."""
        for n in self.left + self.lost[1:]:
            n.start()
        at = max(n.height() for n in self.left)
        self.c.wait_height(at + 5, 120, nodes=self.left)
        back = self.lost[1]
        assert back.height() <= self.height
        assert back.call("status")["connected"] == 1, back.call("status")
        assert back.stop() == 0


def faster(text):
    assert "heartbeat: 10s" in text
    return text.replace("heartbeat: 10s", "heartbeat: 100ms")


def main():
    tap = Tap()
    with Consortium(rounds=100000, edit=faster) as c:
        c.start()
        s = Story(c)
        tap.run("two of four are lost, and no block comes", s.lose)
        tap.run("the other two agree, and nobody alone", s.agree)
        tap.run("one of the two could be lost at once", s.alone)
        tap.run("they go on with all that was there", s.go_on)
        tap.run("the audit follows, and names who is left out", s.audited)
        tap.run("training is replayed on both sides of it", s.replayed)
        tap.run("they start again; who was left out is alone", s.restarted)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
