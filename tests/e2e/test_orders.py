#!/usr/bin/env python3
"""A second and a third job, bought on four real daemons.

The founders' job ends; delta orders another one, of another size, on the data
of three others; they accept, it trains, everybody is stopped and started in
the middle, and escrow and prices come out to the unit. The third job goes on
from the second's version. All of it is in one chain that audit and replay
follow.
"""

import json
import os
import sys

from consortium import PATIENT, Consortium, Tap, program, run, wait

QMLCTL = program("qmlctl")
FEE = 1000
PRICE = 500000  # of one asset, a round
ROUNDS = 6

JOB = """job:
  task: vqc
  qubits: %d
  layers: %d
  rounds: %d
  steps: %d
  seed: "%s"
"""


def ctl(node, *words, code=0):
    return run(QMLCTL, *words, "--home", node.level().home, "--timeout", "300",
               code=code)


def rows(node, table):
    return node.level().call("ledger.list", table=table)["rows"]


def status(node):
    return node.call("status")["round"]


def balance(node, name):
    return node.call("ledger.account", account=name)["account"]["balance"]


def assets(c):
    return {r["owner"]: r["id"] for r in rows(c.nodes[0], "assets")}


def job_file(c, text):
    path = os.path.join(c.dir, "job.yaml")
    with open(path, "w") as f:
        f.write(text)
    return path


def job_text(layers=3, rounds=ROUNDS, seed="5e", steps=10):
    return JOB % (6, layers, rounds, steps, seed * 32)


def order(c, text, owners=("alpha", "beta", "gamma"), extra=11, code=0):
    ids = assets(c)
    n = len(owners)
    rounds = int(text.split("rounds: ")[1].split()[0])
    escrow = n * PRICE * rounds + extra
    p = ctl(c.nodes[3], "job", "order", job_file(c, text), "--assets",
            ",".join(ids[o] for o in owners), "--price",
            "%.6f" % (n * PRICE / 1e6), "--escrow", "%.6f" % (escrow / 1e6),
            "--purpose", "research", "--json", code=code)
    return json.loads(p.stdout)["id"] if code == 0 else p.stderr


def accept(c, id, nodes=None):
    for node in nodes or c.nodes[:3]:
        ctl(node, "job", "accept", id)


def state(node, id):
    return [r for r in rows(node, "orders") if r["id"] == id][0]


def founders(c):
    a = c.nodes[0]
    for node in c.nodes:
        wait("rows of " + node.name, 60, lambda n=node:
             n.call("status")["trainer"]["rows"] > 0)
        ctl(node, "data", "register", "rows of " + node.name, "--tasks",
            "vqc", "--price", "%.6f" % (PRICE / 1e6), "--purpose", "research")
    wait("the founders' job is over", 60, lambda: status(a)["finished"])
    r = status(a)
    assert r["job_round"] == r["of"] == 3 and r["first"] == 0, r
    assert r["order"] == "", r
    assert "job finished: 3 rounds" in a.call("status")["why"]
    assert len(rows(a, "tokens")) == 1, rows(a, "tokens")


def refusals(c):
    for text, job in (
            ("job:5:11: job.rounds: want", job_text(rounds=0)),
            ("job:6:3: unknown key \"job.stepz\"",
             job_text().replace("steps", "stepz")),
            ("job:2:9: job.task: want vqc", job_text().replace("vqc", "cat"))):
        ids = assets(c)
        p = ctl(c.nodes[3], "job", "order", job_file(c, job), "--assets",
                ids["alpha"], "--price", "1", "--escrow", "100", code=None)
        assert p.returncode != 0 and text in p.stderr, (text, p.stderr)


def second(c):
    a, d = c.nodes[0], c.nodes[3]
    had = balance(d, "delta")
    dim = len(a.call("model")["params_q24"])
    id = order(c, job_text())
    escrow = 3 * PRICE * ROUNDS + 11
    assert balance(d, "delta") == had - FEE - escrow
    assert state(d, id)["state"] == "open"
    text = ctl(d, "job", "list").stdout
    assert "ACCEPT OF" in text, text
    assert sorted(state(d, id)["waits_for"].split()) == [
        "alpha", "beta", "gamma"], state(d, id)
    accept(c, id, c.nodes[1:2])
    assert sorted(state(d, id)["waits_for"].split()) == [
        "alpha", "gamma"], state(d, id)
    accept(c, id, (c.nodes[0], c.nodes[2]))
    assert state(d, id)["waits_for"] == "", state(d, id)
    wait("two rounds of it", 90, lambda: status(a)["order"] == id and
         status(a)["job_round"] >= 2)
    r, text = status(a), ctl(a, "job", "list").stdout
    assert r["first"] == 3 and r["of"] == ROUNDS and r["order"] == id, r
    # It may be over before a busy machine has asked.
    assert "running" in text or state(a, id)["state"] == "done", text
    assert len(a.call("model")["params_q24"]) != dim
    # All stop and start in the middle.
    assert c.stop() == [0, 0, 0, 0]
    c.start()
    for node in c.nodes:
        wait("it is over", 120, lambda n=node:
             state(n, id)["state"] == "done")
    o = state(d, id)
    assert o["paid"] == 3 * PRICE * ROUNDS and o["escrow"] == 0, o
    assert o["rounds_run"] == ROUNDS, o
    parts = a.call("round", n=4)["parts"]
    assert sorted(p["member"] for p in parts) == ["alpha", "beta", "gamma"]
    assert all(p["update"] for p in parts), parts
    assert not any(p["late"] for p in parts if "late" in p), parts
    return id


def to_the_unit(c, id):
    """Who was paid for data: exactly the prices; the buyer has the rest."""
    a, d = c.nodes[0], c.nodes[3]
    o = state(a, id)
    assert o["paid"] == 3 * PRICE * ROUNDS and o["escrow"] == 0, o

    def units(cause, name):
        """Changes of an account for this reason."""
        entries = json.loads(ctl(d, "ledger", "history", name, "-n", "1000",
                                 "--json").stdout)["entries"]
        return [e["change"] for e in entries if e["cause"] == cause]

    wait("the index has it", 30, lambda: units("refund", "delta"))
    escrow = 3 * PRICE * ROUNDS + 11
    assert units("escrow", "delta") == [-escrow], units("escrow", "delta")
    assert units("refund", "delta") == [11], units("refund", "delta")
    for name in ("alpha", "beta", "gamma"):
        assert units("data_price", name) == [PRICE] * ROUNDS, name
    assert units("data_price", "delta") == []


def third(c):
    """From the version that the second job ended with."""
    a = c.nodes[0]
    tokens = rows(a, "tokens")
    assert len(tokens) == 2, tokens
    assert tokens[1]["owner"] == "delta", tokens[1]
    before = a.call("model")
    text = job_text(rounds=2, seed="77") + \
        "  start_model: %s\n" % before["model"]
    id = order(c, text)
    accept(c, id)
    wait("it is over", 90, lambda: state(a, id)["state"] == "done")
    tokens = rows(a, "tokens")
    assert len(tokens) == 3 and tokens[2]["parent"] == tokens[1]["id"], tokens
    assert status(a)["first"] == 3 + ROUNDS


def guesses(text):
    return [line.split(",")[1] for line in text.split()[1:]]


def models(c):
    """A version's file says whose job it is of: it is scored as that."""
    a = c.nodes[0]
    data = os.path.join(c.dir, "rows", "node0.csv")
    with open(data) as f:
        labels = [line.strip().split(",")[-1] for line in f][1:]
    tokens = rows(a, "tokens")
    path = os.path.join(c.dir, "model.json")
    files = ("--federation", os.path.join(a.home, "federation.yaml"),
             "--model", path)
    dims = set()
    for t in tokens:
        version = ("--version", t["id"])
        ctl(a, "model", "export", "-o", path, *version)
        with open(path) as f:
            m = json.load(f)
        assert m["token"] == t["id"] and m["round"] == t["round_to"], t
        assert 1000 < len(m["job_bytes"]) < 4000, m["job_bytes"]
        dims.add(m["dim"])
        said = guesses(ctl(a, "model", "predict", data, *version).stdout)
        assert said == guesses(run(program("qmltrain"), "predict", *files,
                                   "--data", data).stdout)
        right = sum(x == y for x, y in zip(said, labels))
        score = json.loads(run(program("qmltrain"), "score", *files, "--data",
                               data, "--json").stdout)
        assert score["correct"] == right, (score, right)
        assert score["rows"] == len(labels) == len(said), score
        for form in ("qasm3", "qasm2"):
            text = ctl(a, "model", "export", "--format", form,
                       *version).stdout
            assert "OPENQASM" in text and text == run(
                program("qmltrain"), "export", *files, "--format",
                form).stdout
        card = json.loads(ctl(a, "model", "card", t["id"], "--score", data,
                              "--json").stdout)
        assert card["metrics"]["rows"] == len(labels), card["metrics"]
    assert len(dims) == 2, dims
    # The last version is also the current model.
    assert guesses(ctl(a, "model", "predict", data).stdout) == said
    assert a.call("model")["job_bytes"] == m["job_bytes"]
    # A file as it was before: of the federation's job, or of none.
    del m["job_bytes"]
    for token, code, text in ((m, 1, "is not a model of"),
                              (a.call("model", token=tokens[0]["id"]), 0, "")):
        token.pop("job_bytes", None)
        with open(path, "w") as f:
            json.dump(token, f)
        p = run(program("qmltrain"), "score", *files, "--data", data,
                code=code)
        assert text in p.stderr, p.stderr
    p = ctl(a, "model", "card", tokens[1]["id"], "--score", data, "--model",
            path, code=None)
    assert p.returncode != 0 and "model export --version" in p.stderr, p
    p = ctl(a, "model", "export", "--version", "00" * 32, code=5)
    assert "no such version" in p.stderr, p.stderr
    p = ctl(a, "model", "export", "--version", "x", code=2)
    assert "64 hex digits" in p.stderr, p.stderr
    p = ctl(a, "model", "show", "--version", tokens[0]["id"], code=2)
    assert "model show TOKEN" in p.stderr, p.stderr


def cancelled(c):
    a, d = c.nodes[0], c.nodes[3]
    # Not over before it is cancelled.
    text = job_text(rounds=300, seed="78", steps=40)
    one = order(c, text)
    accept(c, one)
    wait("it runs", 30, lambda: state(a, one)["state"] == "running")
    two = order(c, text.replace("78", "79"))
    accept(c, two)
    wait("one waits", 30, lambda: state(a, two)["queue"] == 1)
    wait("a round of it", 60, lambda: state(a, one)["rounds_run"] >= 1)
    ctl(d, "job", "cancel", two)
    assert state(d, two)["state"] == "cancelled"
    ctl(d, "job", "cancel", one)
    wait("it ends", 30, lambda: state(a, one)["state"] == "cancelled")
    o = state(a, one)
    assert o["escrow"] == 0 and o["paid"] == 3 * PRICE * o["rounds_run"], o
    wait("idle", 30, lambda: status(a)["finished"])
    again = ctl(d, "job", "cancel", one, code=9)
    assert "not possible as" in again.stderr, again.stderr


def audited(c):
    heights = c.heights()
    assert c.stop() == [0, 0, 0, 0]
    for n in c.nodes:
        run(program("qmlnode"), "audit", n.home, "--json")
    data = os.path.join(c.dir, "rows", "node0.csv")
    for n in ("1", "4", str(3 + ROUNDS)):
        run(program("qmltrain"), "replay", "--home", c.nodes[0].home,
            "--data", data, "--round", n, "--member", "alpha")
    assert min(heights) > 10, heights


def main():
    tap = Tap()
    with Consortium(rounds=3, collect=PATIENT) as c:
        c.start()
        c.wait_height(2)
        found = {}
        tap.run("the founders' job, then idle", lambda: founders(c))
        tap.run("orders that are refused", lambda: refusals(c))
        tap.run("a second job of another size; a restart in the middle",
                lambda: found.update(id=second(c)))
        tap.run("escrow and prices to the unit",
                lambda: to_the_unit(c, found["id"]))
        tap.run("a third job from the second's version", lambda: third(c))
        tap.run("every job's version is predicted with and exported",
                lambda: models(c))
        tap.run("cancelled in the queue and while it runs",
                lambda: cancelled(c))
        tap.run("audit and replay follow every job", lambda: audited(c))
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
