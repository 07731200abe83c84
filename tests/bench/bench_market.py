#!/usr/bin/env python3
"""What the market costs a round: four real daemons on loopback.

Federations in turn, alike but for what is on: nothing; every round valued and
paid; answers named on the chain before they are shown, too; training with
noise on registered data that are charged for it; and all of these. The digits
of tests/data, training as `qmlnode federation new --local` founds it; rounds
per minute between the first and the last aggregated round, from the times in
the blocks. bench_market.py [REPEATS [ROUNDS]]
"""

import os
import statistics
import sqlite3
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "e2e"))

from consortium import Consortium, DIGITS, program, run, wait  # noqa: E402


NAMED = "  commit_updates: true\n"
# Of every federation with noise: the whole job fits into the data's budget.
NOISE = "privacy:\n  noise: 8\n  rate: 0.2\n  clip: 1\n"
NEEDED = "  assets_needed: true\n"

# name, every round is valued, economy beside that, the rest of the file
KINDS = [("plain", False, "", ""),
         ("worth", True, "", ""),
         ("worth, named first", True, NAMED, ""),
         ("noise, charged", False, "economy:\n" + NEEDED, NOISE),
         ("all of it", True, NAMED + NEEDED, NOISE)]


class Federation(Consortium):
    def __init__(self, rounds, valued, economy, more):
        self.valued, self.rounds = valued, rounds
        self.economy, self.more = economy, more
        super().__init__(4, rounds=rounds, edit=self.add)
        for node in self.nodes[:2] if valued else []:
            run("cp", "-r", os.path.join(self.dir, "shards"),
                os.path.join(node.home, "shards"))

    def add(self, text):
        if self.valued:
            p = run(program("qmlnode"), "federation", "shards", DIGITS,
                    "--shards", self.rounds, "--out",
                    os.path.join(self.dir, "shards"))
            text += "\n" + p.stdout
        return text + self.economy + self.more

    def register(self):
        for node in self.nodes:
            wait("the trainer", 60, lambda n=node: n.call("status")[
                "trainer"]["rows"] > 0)
            run(program("qmlctl"), "data", "register", node.name, "--tasks",
                "vqc,linear", "--epsilon-milli", "1000000", "--delta-exp", "5",
                "--home", node.home, "--timeout", "60")


def measure(rounds, valued, economy, more):
    """Rounds a minute, blocks a round, share of the rounds that was paid."""
    with Federation(rounds, valued, economy, more) as c:
        c.start()
        if more:
            c.register()
        node = c.nodes[0]
        wait("the job's end", 300, lambda: node.call("status")["round"][
            "finished"])
        if valued:
            wait("the last pay", 60, lambda: not node.call("worth")["open"])
        paid = sum(r["paid"] for r in node.call("worth", n=256)["rounds"])
        path = os.path.join(node.home, "index.db")
        last = node.call("status")["round"]["number"]

        def times():
            db = sqlite3.connect("file:%s?mode=ro" % path, uri=True)
            got = db.execute("SELECT time_ms, height, round, updates FROM "
                             "rounds ORDER BY round").fetchall()
            db.close()
            return got if got and got[-1][2] == last - 1 else None
        t = [r for r in wait("index.db", 30, times) if r[3] == 4]
        c.stop()
    assert len(t) > rounds / 2, t
    ms, n = t[-1][0] - t[0][0], t[-1][2] - t[0][2]
    return (60000.0 * n / ms, (t[-1][1] - t[0][1]) / float(n),
            paid / float(n + 1))


def main():
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 60
    found = {kind[0]: [] for kind in KINDS}
    for _ in range(repeats):
        for kind in KINDS:
            found[kind[0]].append(measure(rounds, *kind[1:]))
    base = statistics.median(x[0] for x in found["plain"])
    print("%-20s %12s %10s %10s %8s  (median of %d, %d rounds)" % (
        "on", "rounds/min", "of plain", "blocks", "paid", repeats, rounds))
    for kind in KINDS:
        rates = found[kind[0]]
        rate = statistics.median(x[0] for x in rates)
        print("%-20s %12.1f %9.2fx %10.2f %7.0f%%   %s" % (
            kind[0], rate, base / rate, statistics.median(
                x[1] for x in rates), 100 * statistics.median(
                    x[2] for x in rates),
            " ".join("%.0f" % x[0] for x in rates)))


if __name__ == "__main__":
    main()
