#!/usr/bin/env python3
"""A member's stored files are damaged; the other three go on.

One flipped bit in any of them is found and mended: the chain from the other
members, the vote log from its second copy, what is in the pool and the index
by making it again. Where both copies of a vote are gone the node starts in
quarantine and signs nothing that it could have signed otherwise before.
"""

import os
import random
import shutil
import sqlite3
import sys

from consortium import ROOT, Consortium, Tap, program, run, wait
from test_audit import records

IRIS = os.path.join(ROOT, "tests/data/datasets/iris.csv")
SEGMENT = "chain/000001.seg"
HALF = 1 << 20
LONG = bool(os.environ.get("QML_TEST_LONG"))
FLIPS = int(os.environ.get("FLIPS", "60" if LONG else "5"))
SEED = int(os.environ.get("SEED", "1"))


def flip(path, at, bit=4):
    with open(path, "r+b") as f:
        f.seek(at)
        old = f.read(1)[0]
        f.seek(at)
        f.write(bytes([old ^ bit]))


class Odd:
    """The member whose files are damaged."""

    def __init__(self, c):
        self.c, self.node = c, c.nodes[0]

    def path(self, name):
        return os.path.join(self.node.home, name)

    def log(self):
        with open(self.path("log")) as f:
            f.seek(self.log_at)
            return f.read()

    def damage(self, harm):
        """Ended, damaged, started again: what it logs from then on."""
        assert self.node.stop() == 0
        self.log_at = os.path.getsize(self.path("log"))
        harm()
        self.node.start()

    def says(self, *texts):
        wait("the log says " + texts[0], 120,
             lambda: all(t in self.log() for t in texts))

    def takes_part(self):
        """It answers in a round that begins after now, and it votes."""
        others = self.c.nodes[1:]
        first = others[0].call("status")["round"]["number"]

        def answered():
            now = others[0].call("status")["round"]["number"]
            for number in range(first + 1, now):
                parts = others[0].call("round", n=number)["parts"]
                if any(p["member"] == self.node.name and p["update"]
                       for p in parts):
                    return True
            return False
        wait("it takes part again", 120, answered)
        wait("it is well", 120, lambda: self.node.call("health")["ok"])
        status = self.node.call("status")
        assert not status["halted"] and not status["silent"], status
        for n in self.c.nodes:
            assert n.call("status")["counts"]["equivocations"] == 0

    def middle(self):
        with open(self.path(SEGMENT), "rb") as f:
            recs = records(f.read())
        assert len(recs) > 6, recs
        return recs[len(recs) // 2]

    def chain_bit(self, ahead):
        height, at = self.middle()[:2]
        self.damage(lambda: flip(self.path(SEGMENT), at + ahead))
        self.says("lvl=error ev=storage.chain_cut", "segment=000001.seg",
                  "height=%d " % height)
        self.takes_part()
        assert any(".damaged-" in n for n in os.listdir(self.path("chain")))

    def genesis_bit(self):
        self.damage(lambda: flip(self.path(SEGMENT), 200))
        self.says("ev=storage.chain_cut", "height=0 ")
        self.takes_part()

    def cut_file(self):
        at = self.middle()[1]
        self.damage(lambda: os.truncate(self.path(SEGMENT), at + 200))
        self.says("ev=storage.chain_cut", "the file ends inside the record")
        self.takes_part()

    def chain_gone(self):
        """As after an older backup: the vote log is ahead."""
        self.damage(lambda: shutil.rmtree(self.path("chain")))
        self.takes_part()

    def one_copy(self):
        self.damage(lambda: flip(self.path("votes.wal"), 4096 + 40))
        self.says("lvl=warn ev=storage.votes_mended", "pages=1 ")
        self.takes_part()

    def both_copies(self):
        def harm():
            flip(self.path("votes.wal"), 40)
            flip(self.path("votes.wal"), HALF + 41)
        self.damage(harm)
        self.says("lvl=error ev=storage.quarantine", "file=votes-1.wal",
                  "damaged")
        self.takes_part()

    def log_gone(self):
        def harm():
            os.unlink(self.path("votes-1.wal"))
            os.unlink(self.path("votes.wal"))
        self.damage(harm)
        self.says("ev=storage.quarantine", "file=votes-1.wal", "gone")
        self.takes_part()

    def quarantine_waits(self):
        """Nobody speaks: it signs nothing, says why, and waits."""
        for n in self.c.nodes[1:]:
            assert n.stop() == 0
        self.damage(lambda: os.unlink(self.path("votes-1.wal")))
        self.says("ev=storage.quarantine")
        wait("it says so", 120, lambda: "quarantine" in
             self.node.call("status")["why"])
        # A restart on the way does not make it forget.
        self.damage(lambda: None)
        wait("it still says so", 120, lambda: "quarantine" in
             self.node.call("status")["why"])
        for n in self.c.nodes[1:]:
            n.start()
        self.takes_part()

    def pool_and_index(self):
        def harm():
            for name in os.listdir(self.path("pool")):
                path = os.path.join(self.path("pool"), name)
                flip(path, os.path.getsize(path) // 2)
            with open(self.path("index.db"), "r+b") as f:
                f.write(os.urandom(4096))
        self.damage(harm)
        self.takes_part()

        def rows():
            with sqlite3.connect("file:%s?mode=ro" % self.path("index.db"),
                                 uri=True) as db:
                got = db.execute("SELECT count(*), max(height) FROM blocks")
                return got.fetchone()
        wait("the index is whole again", 120, lambda: rows()[1] > 6)


    def tables(self, node, top):
        """What everybody can read about the chain up to a height."""
        with sqlite3.connect("file:%s?mode=ro" % os.path.join(
                node.home, "index.db"), uri=True, timeout=60) as db:
            return [db.execute(q, (top,)).fetchall() for q in (
                "SELECT * FROM blocks WHERE height <= ? ORDER BY 1",
                "SELECT * FROM rounds WHERE height <= ? ORDER BY 1",
                "SELECT * FROM entries WHERE height <= ? ORDER BY 1, 2")]

    def index_bits(self):
        """Anywhere in index.db: found, and the same tables come again."""
        rnd, path = random.Random(SEED), self.path("index.db")

        def harm():
            flip(path, rnd.randrange(os.path.getsize(path)),
                 1 << rnd.randrange(8))
            p = run(program("qmlnode"), "check", "--home", self.node.home)
            assert "is not as it was written" in p.stdout, p.stdout
        for _ in range(FLIPS):
            top = self.node.height()
            self.damage(harm)
            self.says("lvl=warn ev=storage.mended part=index.db")
            # Filled as far as it was: nobody waits for the index, we do.
            wait("the index is whole again", 120,
                 lambda top=top: self.indexed() >= top)
            for n in self.c.nodes[1:]:
                wait("theirs is as far", 120, lambda n=n, top=top:
                     len(self.tables(n, top)[0]) == top)
                assert self.tables(n, top) == self.tables(self.node, top)

    def indexed(self):
        try:
            with sqlite3.connect("file:%s?mode=ro" % self.path("index.db"),
                                 uri=True) as db:
                return db.execute("SELECT value FROM meta WHERE key = "
                                  "'applied_height'").fetchone()[0]
        except (sqlite3.Error, TypeError):
            return -1  # it is being made

    def while_running(self):
        """The week is over: what rots under a running node is found."""
        assert self.node.stop() == 0
        self.log_at = os.path.getsize(self.path("log"))
        self.node.configure("#scrub: 168h", "scrub: 1s")
        self.node.start()
        self.says("ev=storage.scrubbed")
        flip(self.path("votes-1.wal"), 4096 + 40)
        self.says("lvl=warn ev=storage.mended part=votes.wal")
        height, at = self.middle()[:2]
        flip(self.path(SEGMENT), at + 700)
        self.says("lvl=error ev=storage.rotten segment=000001.seg",
                  "height=%d " % height, "mend=")
        health = self.node.call("health")
        assert not health["ok"] and "damaged" in str(health), health
        self.damage(lambda: None)
        self.says("lvl=error ev=storage.chain_cut", "height=%d " % height)
        self.takes_part()


def main():
    tap = Tap()
    with Consortium(rounds=100000, data=IRIS) as c:
        c.start()
        c.wait_height(12)
        odd = Odd(c)
        tap.run("a bit in a record's head", lambda: odd.chain_bit(20))
        tap.run("a bit in a record's bytes", lambda: odd.chain_bit(400))
        tap.run("a bit in block 0", odd.genesis_bit)
        tap.run("a file that ends too early", odd.cut_file)
        tap.run("the chain is gone", odd.chain_gone)
        tap.run("one copy of the vote log", odd.one_copy)
        tap.run("both copies of the vote log", odd.both_copies)
        tap.run("the vote log is gone", odd.log_gone)
        tap.run("quarantine waits for the others", odd.quarantine_waits)
        tap.run("pool and index", odd.pool_and_index)
        tap.run("%d bits of the index (SEED=%d)" % (FLIPS, SEED),
                odd.index_bits)
        tap.run("bits that rot while it runs", odd.while_running)

        def audits():
            assert c.stop() == [0, 0, 0, 0]
            for n in c.nodes:
                run(program("qmlnode"), "audit", n.home)
                run(program("qmlnode"), "check", "--home", n.home)
        tap.run("every home passes audit and check", audits)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
