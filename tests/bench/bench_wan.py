#!/usr/bin/env python3
"""Commit latency and throughput of real daemons, on loopback and in network
namespaces with 80 to 300 ms of round-trip time and 1 % loss.

    bench_wan.py latency [N] [SAMPLES]     transactions, one at a time
    bench_wan.py rounds [N] [ROUNDS]       a job in training
    bench_wan.py load [N] [SECONDS]        as many transactions as are taken
    bench_wan.py                           the table of NETWORK.md, all of it

The federation idles after a job of two rounds, so that only the transactions
that this program submits make blocks; trainers sleep. SEED draws the network,
RATE (100mbit) is that of each path, NET=wan or NET=loopback leaves the other
out; KIND=asset submits registrations of data, three times as long as transfers,
in load.
"""

import json
import os
import random
import re
import statistics
import sys
import threading
import time
from datetime import datetime

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "e2e"))

from consortium import Consortium, ROOT, Rpc, wait  # noqa: E402
from netlab import Impossible, Lab, wan  # noqa: E402

IRIS = os.path.join(ROOT, "tests/data/datasets/iris.csv")
SEED = int(os.environ.get("SEED", "1"))
TICK = os.sysconf("SC_CLK_TCK")
COMMIT = re.compile(r"ts=(\S+)Z lvl=info ev=block.commit height=(\d+) "
                    r".* txs=(\d+) ")
PATIENCE = 180


def timings(text):
    """Of the internet, but for the pause between two blocks."""
    for old, new in (("collect: 2s", "collect: 10s"),
                     ("straggler: 10s", "straggler: 60s"),
                     ("heartbeat: 10s", "heartbeat: 60s"),
                     ("propose: 1s", "propose: 3s"),
                     ("prevote: 500ms", "prevote: 1s"),
                     ("precommit: 500ms", "precommit: 1s"),
                     ("precision: 100ms", "precision: 1s"),
                     ("delay: 1s", "delay: 4s")):
        assert old in text, old
        text = text.replace(old, new)
    return text


def federation(n, wide, rounds):
    kw = dict(rounds=rounds, data=IRIS, edit=timings, mode="iid")
    if not wide:
        return Consortium(n, **kw)
    lab = Lab(n, seed=SEED, **kw)
    rtt = wan(lab.switch, n, SEED, rest="loss=1% rate=" + os.environ.get(
        "RATE", "100mbit"))
    print("# rtt of the pairs: %.0f to %.0f ms, median %.0f" % (
        min(rtt.values()), max(rtt.values()),
        statistics.median(rtt.values())))
    return lab


def idle(c):
    c.start()
    for node in c.nodes:
        wait("the job of %s ends" % node.name, PATIENCE,
             lambda node=node: node.call("status")["round"]["finished"])
        wait("%s has all links" % node.name, PATIENCE, lambda node=node:
             node.call("status")["connected"] == len(c.nodes))


def quantiles(ms):
    ms = sorted(ms)
    return (statistics.median(ms), ms[min(len(ms) - 1, int(.99 * len(ms)))],
            ms[-1])


def say(what, ms):
    p50, p99, worst = quantiles(ms)
    print("%-44s %5d %8.0f %8.0f %8.0f" % (what, len(ms), p50, p99, worst),
          flush=True)
    return p50, p99


def commits(node):
    """By height: the wall time in ms at which this node had the block, and
    its transactions."""
    out = {}
    for m in COMMIT.finditer(node.log()):
        t = datetime.fromisoformat(m.group(1) + "+00:00")
        out[int(m.group(2))] = t.timestamp() * 1000, int(m.group(3))
    return out


def block_ages(c, since):
    """From a block's time, its proposer's clock, to each node's commit."""
    ages, rpc = [], c.nodes[0].rpc()
    had = [commits(n) for n in c.nodes]
    for height in range(since, min(c.heights()) + 1):
        made = rpc.call("block", height=height)["time_ms"]
        ages += [at[height][0] - made for at in had if height in at]
    rpc.close()
    return ages


def transfer(rpc, to):
    return rpc.call("tx.submit", kind="transfer", to=to, amount=1,
                    memo="x" * 60)


def register(rpc, _):
    return rpc.call("tx.submit", kind="asset_register", name="x" * 60,
                    purpose="x" * 60, licence="x" * 60, rows=9, price=1,
                    root=os.urandom(32).hex(), tasks=["vqc"],
                    circuits=[os.urandom(32).hex() for _ in range(8)])


SUBMIT = register if os.environ.get("KIND") == "asset" else transfer


class Ear:
    """Hears of blocks at one node."""

    def __init__(self, node):
        self.rpc = node.rpc()
        self.rpc.sock.settimeout(PATIENCE)
        self.rpc.call("events")

    def block(self):
        while True:
            v = json.loads(self.rpc.file.readline())
            if v.get("method") == "block.committed":
                return v["params"]["height"]


def latency(n, wide, samples):
    rnd, took = random.Random(SEED), []
    with federation(n, wide, 2) as c:
        idle(c)
        names = [x.name for x in c.nodes]
        since = c.nodes[0].height() + 1
        ears = [Ear(x) for x in c.nodes]
        rpcs = [x.rpc() for x in c.nodes]
        before = cpu(c)
        for _ in range(samples):
            i = rnd.randrange(n)
            start = time.monotonic()
            made = transfer(rpcs[i], names[i - 1])
            while True:
                ears[i].block()
                seen = time.monotonic()
                if rpcs[i].call("tx.status",
                                id=made["id"])["state"] == "applied":
                    break
            took.append((seen - start) * 1000)
            c.wait_height(c.nodes[i].height(), PATIENCE)
            time.sleep(rnd.random() * .2)
        spent, blocks = cpu(c) - before, c.nodes[0].height() - since + 1
        where = "wan" if wide else "loopback"
        say("n=%d %s: submitted to applied, ms" % (n, where), took)
        say("n=%d %s: proposed to applied, ms" % (n, where),
            block_ages(c, since))
        print("# %d blocks, CPU %.2f ms a block and node" % (
            blocks, 1000 * spent / blocks / n))
        if wide:
            print("# switch: %s" % c.switch.counters())
        c.stop()


def rounds(n, wide, count):
    with federation(n, wide, 100000) as c:
        c.start()
        c.wait_height(count, 600)
        where = "wan" if wide else "loopback"
        for node in c.nodes[:1]:
            s = node.call("status")["commit_latency"]
            print("%-44s %5d %8.0f %8.0f" % (
                "n=%d %s: last answer to applied, ms" % (n, where),
                s["rounds"], s["p50_ms"], s["p99_ms"]))
        say("n=%d %s: proposed to applied, ms" % (n, where),
            block_ages(c, 2))
        c.stop()


def cpu(c):
    """Seconds that all daemons have used, their trainers apart."""
    ticks = 0
    for node in c.nodes:
        with open("/proc/%d/stat" % node.proc.pid) as f:
            words = f.read().rpartition(")")[2].split()
        ticks += int(words[11]) + int(words[12])
    return ticks / TICK


class Client(threading.Thread):
    """Keeps one node's queue full."""

    def __init__(self, node, to):
        super().__init__(daemon=True)
        self.rpc = Rpc(os.path.join(node.home, "qmlnode.sock"))
        self.rpc.sock.settimeout(PATIENCE)
        self.to, self.going = to, True

    def run(self):
        while self.going:
            try:
                SUBMIT(self.rpc, self.to)
            except RuntimeError as e:
                if "too many" not in str(e):
                    print("# %s" % e)
                time.sleep(.005)


def load(n, wide, seconds):
    with federation(n, wide, 2) as c:
        idle(c)
        names = [x.name for x in c.nodes]
        clients = [Client(x, names[i - 1]) for i, x in enumerate(c.nodes)]
        for x in clients:
            x.start()
        node = c.nodes[0]
        begun = node.height() + 2
        wait("it runs", PATIENCE, lambda: node.height() > begun)
        first, spent, start = node.height(), cpu(c), time.monotonic()
        time.sleep(seconds)
        last, spent = node.height(), cpu(c) - spent
        took = time.monotonic() - start
        for x in clients:
            x.going = False
        for x in clients:
            x.join()
        rpc, had = node.rpc(), commits(node)
        heights = range(first + 1, last + 1)
        txs = sum(had[h][1] for h in heights)
        size = sum(rpc.call("block", height=h)["body_bytes"] for h in heights)
        rpc.close()
        blocks = last - first
        where = "wan" if wide else "loopback"
        print("n=%d %s: %.0f tx/s of %.0f bytes, %.1f blocks/s of %.0f; CPU "
              "%.1f ms a block and node, %.0f us a tx and node: one core bears"
              " %.0f tx/s" % (
                  n, where, txs / took, size / max(txs, 1), blocks / took,
                  txs / blocks, 1000 * spent / blocks / n,
                  1e6 * spent / max(txs, 1) / n, n * txs / spent), flush=True)
        c.stop()


def main():
    what = sys.argv[1] if len(sys.argv) > 1 else "all"
    n = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 0
    wides = {"wan": (True,), "loopback": (False,)}.get(
        os.environ.get("NET"), (False, True))
    print("%-44s %5s %8s %8s %8s   load %.1f" % (
        "", "count", "p50", "p99", "worst", os.getloadavg()[0]))
    for sort, one, default in (("latency", latency, 40),
                               ("rounds", rounds, 30), ("load", load, 15)):
        for size in ((n,) if n else (4, 16)):
            for wide in wides:
                if what in (sort, "all"):
                    one(size, wide, count or default)


if __name__ == "__main__":
    try:
        main()
    except Impossible as e:
        print("no namespaces here: %s" % e)
