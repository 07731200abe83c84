#!/usr/bin/env python3
"""Four real daemons, one of which adds nothing: who is paid, and for what.

Shards of public rows lie sealed at two sponsors and are shown round by round.
A poisoner (trained on labels turned round) and a free rider (an update of
zeros), whose trainers also lie about what others are worth, earn nothing.
"""

import json
import os
import sqlite3
import sys

from consortium import DIGITS, PATIENT, Consortium, Tap, program, run, wait

QMLCTL = program("qmlctl")
ROUNDS = 8
SHARDS = 10


def deal(folder, seed=7):
    """Digits to four members; what is held out validates."""
    run(program("qmltrain"), "split", "--data", DIGITS, "--nodes", 4, "--mode",
        "iid", "--seed", seed, "--heldout", "0.3", "--out", folder)
    return os.path.join(folder, "heldout.csv")


class Paid(Consortium):
    def __init__(self, attack, rounds=ROUNDS, more=""):
        self.more = more
        super().__init__(4, rounds=rounds, edit=self.add_economy,
                         collect=PATIENT)
        self.attack = attack
        for i, node in enumerate(self.nodes):
            os.replace(os.path.join(self.dir, "iid", "node%d.csv" % i),
                       os.path.join(self.dir, "rows", "node%d.csv" % i))
        # Two of four hold the sealed rows; each keeps a copy.
        for node in self.nodes[:2]:
            run("cp", "-r", os.path.join(self.dir, "shards"),
                os.path.join(node.home, "shards"))
        self.arm(self.nodes[3])

    def add_economy(self, text):
        rows = deal(os.path.join(self.dir, "iid"))
        p = run(program("qmlnode"), "federation", "shards", rows, "--shards",
                SHARDS, "--out", os.path.join(self.dir, "shards"))
        # What a round was worth is waited for in blocks: enough of them, and
        # no long wait for them.
        assert "heartbeat: 10s" in text and p.stdout.startswith("economy:\n"), p
        return (text.replace("heartbeat: 10s", "heartbeat: 500ms") + "\n" +
                p.stdout + "  worth_blocks: 200\n" + self.more)

    def arm(self, node):
        honest = os.path.join(self.dir, "honest")
        with open(honest, "w") as f:
            for other in self.nodes[:3]:
                f.write("%s %s\n" % (other.name, os.path.join(
                    self.dir, "rows",
                    "node%d.csv" % self.nodes.index(other))))
        node.configure("trainer:\n", "trainer:\n  confine: false\n"
                       "  command: [%s, drill, --attack, %s, --members, %s, "
                       "--any-federation]\n" % (
                           program("qmltrain"), self.attack, honest))


def worth(node):
    return node.call("worth", n=100)


def earned(rounds):
    total = {}
    for r in rounds:
        for m in r["members"]:
            total[m["member"]] = total.get(m["member"], 0) + m["units"]
    return total


def settled(node):
    w = worth(node)
    return w if len(w["rounds"]) == ROUNDS and not w["open"] else None


def check_rounds(w):
    for r in w["rounds"]:
        assert r["paid"] and r["said"] >= 3, r
        assert len(r["members"]) == 4, r
        # The Shapley values add up to what all added, to the unit.
        assert (sum(m["value"] for m in r["members"]) ==
                r["scale"] * (r["after"] - r["before"])), r
        units = sum(m["units"] for m in r["members"])
        assert units in (0, r["reward"]), r
        assert 0 <= r["before"] <= 54 and 0 <= r["after"] <= 54, r
    used = sorted(r["shard"] for r in w["rounds"])
    assert used == list(range(ROUNDS)), used


def one_adds_nothing(attack, more=""):
    with Paid(attack, more=more) as c:
        c.start()
        first = wait("all rounds are paid", 150, lambda: settled(c.nodes[0]))
        check_rounds(first)
        pay = earned(first["rounds"])
        assert pay["delta"] == 0, (attack, pay)
        assert all(pay[n.name] > 0 for n in c.nodes[:3]), pay
        for node in c.nodes[1:]:
            other = wait("the same at " + node.name, 60,
                         lambda node=node: settled(node))
            assert other["rounds"] == first["rounds"], node.name
        check_index(c.nodes[0], first)
        # The version was minted when the last round had been paid for.
        token = c.nodes[0].call("ledger.list", table="tokens")["rows"][0]
        ppm = {s["member"]: s["ppm"] for s in token["shares"]}
        assert ppm.get("delta", 0) == 0 and sum(ppm.values()) == 10**6, ppm
        assert token["minted"] >= max(r["height"] for r in first["rounds"])
        out = run(QMLCTL, "worth", "--json", "--home",
                  c.nodes[0].home).stdout
        assert json.loads(out)["rounds"] == first["rounds"][:20], out
        out = run(QMLCTL, "worth", "--home", c.nodes[0].home).stdout
        assert "delta" in out and "10 sealed shards" in out, out
        if more:
            named(c.nodes[1])
        c.nodes[2].kill()
        c.nodes[2].start()
        again = wait("the same after a restart", 60,
                     lambda: settled(c.nodes[2]))
        assert again["rounds"] == first["rounds"]
        codes = c.stop()
        assert codes == [0] * 4, codes
        p = run(program("qmlnode"), "audit", c.nodes[0].home)
        assert p.returncode == 0, p.stdout


def named(node):
    """Every answer in a block was named in a block before it."""
    db = sqlite3.connect("file:%s?mode=ro" % os.path.join(
        node.home, "index.db"), uri=True)
    rows = db.execute(
        "SELECT r.round, COUNT(t.id), MAX(t.height) < r.height FROM rounds r"
        " JOIN txs t ON t.kind = 'commit' AND t.height <= r.height AND"
        " t.height > COALESCE((SELECT MAX(p.height) FROM rounds p WHERE"
        " p.round < r.round), 0) GROUP BY r.round").fetchall()
    free = db.execute("SELECT count(*) FROM entries WHERE change = 0 AND"
                      " cause = 'fee'")
    assert free.fetchone() == (0,), "naming costs nothing: no entry"
    db.close()
    assert rows == [(r, 4, 1) for r in range(ROUNDS)], rows


def check_index(node, w):
    """index.db has the same payouts, as changes of balances."""
    path = os.path.join(node.home, "index.db")
    pay = earned(w["rounds"])
    db = sqlite3.connect("file:%s?mode=ro" % path, uri=True)

    def ledger():
        rows = db.execute(
            "SELECT name, SUM(paid) FROM payouts JOIN accounts USING"
            " (account) GROUP BY name").fetchall()
        return {n: s for n, s in rows if s} == {
            n: s for n, s in pay.items() if s}
    wait("index.db follows", 20, ledger)
    db.close()


def main():
    tap = Tap()
    for attack in ("label-flip", "free-ride"):
        tap.run(attack + " earns nothing, others are paid",
                lambda attack=attack: one_adds_nothing(attack))
    tap.run("the same where answers are named before they are shown",
            lambda: one_adds_nothing("label-flip",
                                     "  commit_updates: true\n"))
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
