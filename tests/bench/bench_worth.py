#!/usr/bin/env python3
"""What contribution and pay cost a round: four real daemons on loopback.

Three federations in turn, alike but for their economy: nothing is valued;
every round is; and answers are named on the chain before they are shown. The
digits of tests/data, training as `qmlnode federation new --local` founds it;
rounds per minute between the first and the last closed round, from the times
in the blocks. bench_worth.py [REPEATS [ROUNDS]]
"""

import os
import statistics
import sqlite3
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "e2e"))

from consortium import Consortium, DIGITS, program, run, wait  # noqa: E402


class Federation(Consortium):
    def __init__(self, valued, rounds, more):
        self.valued, self.rounds, self.more = valued, rounds, more
        super().__init__(4, rounds=rounds, edit=self.add)
        for node in self.nodes[:2] if valued else []:
            run("cp", "-r", os.path.join(self.dir, "shards"),
                os.path.join(node.home, "shards"))

    def add(self, text):
        if not self.valued:
            return text
        p = run(program("qmlnode"), "federation", "shards", DIGITS,
                "--shards", self.rounds, "--out",
                os.path.join(self.dir, "shards"))
        return text + "\n" + p.stdout + self.more


def measure(valued, rounds, more):
    """Rounds a minute, blocks a round, share of the rounds that was paid."""
    with Federation(valued, rounds, more) as c:
        c.start()
        node = c.nodes[0]
        wait("the job's end", 300, lambda: node.call("status")["round"][
            "finished"])
        if valued:
            wait("the last pay", 60, lambda: not node.call("worth")["open"])
        paid = sum(r["paid"] for r in node.call("worth", n=256)["rounds"])
        path = os.path.join(node.home, "index.db")

        def times():
            db = sqlite3.connect("file:%s?mode=ro" % path, uri=True)
            got = db.execute("SELECT time_ms, height FROM rounds"
                             " ORDER BY round").fetchall()
            db.close()
            return got if len(got) == rounds else None
        t = wait("index.db", 30, times)
        c.stop()
    ms = t[-1][0] - t[0][0]
    return (60000.0 * (rounds - 1) / ms,
            (t[-1][1] - t[0][1]) / (rounds - 1.0), paid / float(rounds))


def main():
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 60
    kinds = [("plain", False, ""), ("worth", True, ""),
             ("worth, named first", True, "  commit_updates: true\n")]
    found = {name: [] for name, _, _ in kinds}
    for _ in range(repeats):
        for name, valued, more in kinds:
            found[name].append(measure(valued, rounds, more))
    base = statistics.median(x[0] for x in found["plain"])
    print("%-20s %12s %10s %10s %8s  (median of %d, %d rounds)" % (
        "economy", "rounds/min", "of plain", "blocks", "paid", repeats,
        rounds))
    for name, _, _ in kinds:
        rate = statistics.median(x[0] for x in found[name])
        print("%-20s %12.1f %9.2fx %10.2f %7.0f%%   %s" % (
            name, rate, base / rate,
            statistics.median(x[1] for x in found[name]),
            100 * statistics.median(x[2] for x in found[name]),
            " ".join("%.0f" % x[0] for x in found[name])))


if __name__ == "__main__":
    main()
