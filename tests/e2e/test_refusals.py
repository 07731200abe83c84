#!/usr/bin/env python3
"""What the ledger refuses, each with its sentence, through qmlctl."""

import json
import os
import sys

from consortium import PATIENT, Consortium, Tap, program, run, wait

QMLCTL = program("qmlctl")
CIRCUIT = "c1" * 32
ROW = {"alpha": "a0", "beta": "b0", "gamma": "c0", "delta": "d0"}

JOB = """job:
  task: vqc
  qubits: 6
  layers: 2
  rounds: 2
  seed: "%s"
""" % ("ab" * 32)


def ctl(node, *words, code=0):
    return run(QMLCTL, *words, "--home", node.level().home, "--timeout", "300",
               code=code)


def ask(node, *words):
    return json.loads(ctl(node, *words, "--json").stdout)


def refused(node, text, *words):
    p = ctl(node, *words, code=9)
    assert text in p.stderr, (text, p.stderr)


def rows(node, table):
    return node.level().call("ledger.list", table=table)["rows"]


def everywhere(c, what, check):
    for node in c.nodes:
        wait("%s at %s" % (what, node.name), 60, lambda n=node: check(n))


def register(c, node, name, *words):
    """An asset of its own; its id."""
    root = name.encode().hex().ljust(64, "0")
    sent = ask(node, "data", "register", name, "--root", root, "--rows", "9",
               "--purpose", "research", *words)
    everywhere(c, name, lambda n: any(r["name"] == name
                                      for r in rows(n, "assets")))
    return [r["id"] for r in rows(node, "assets") if r["name"] == name][0]


def order(c, *assets):
    path = os.path.join(c.dir, "job.yaml")
    with open(path, "w") as f:
        f.write(JOB)
    return ("job", "order", path, "--assets", ",".join(assets), "--price",
            "1", "--escrow", "3", "--purpose", "research")


def orders(c):
    a, b, g, d = c.nodes
    good = [register(c, n, "good" + n.name, "--tasks", "vqc")
            for n in c.nodes[:3]]
    closed = register(c, a, "closed", "--tasks", "linear")
    narrow = register(c, b, "narrow", "--tasks", "vqc", "--circuits", CIRCUIT)
    refused(d, "does not allow this task", *order(c, closed, *good[1:]))
    refused(d, "does not allow this circuit",
            *order(c, narrow, good[0], good[2]))
    refused(d, "does not name the ethics policy in force",
            *order(c, *good), "--policy", "e7" * 32)
    refused(d, "needs the data of more members", *order(c, good[0]))
    refused(d, "purpose is not the data asset's",
            *order(c, *good)[:-1], "marketing")
    dear = register(c, g, "dear", "--tasks", "vqc", "--price", "5")
    refused(d, "cost more a round than the order pays",
            *order(c, good[0], good[1], dear))
    few = register(c, g, "few", "--tasks", "vqc", "--rounds", "1")
    refused(d, "of this job 1 rounds still fit into %.8s.. \"few\"" % few,
            *order(c, good[0], good[1], few))
    return good


def credential(c, good):
    a, b, d = c.nodes[0], c.nodes[1], c.nodes[3]
    guarded = register(c, a, "guarded", "--tasks", "vqc", "--credential",
                       "data-steward")
    want = order(c, guarded, *good[1:])
    refused(d, "the credential is missing", *want)
    path = os.path.join(c.dir, "vc.json")
    made = ask(a, "credential", "issue", "delta", "--type", "data-steward",
               "--days", "30", "-o", path)
    everywhere(c, "issued", lambda n: len(rows(n, "credentials")) == 1)
    ask(d, *want)
    ask(a, "credential", "revoke", made["credential"])
    everywhere(c, "revoked",
               lambda n: rows(n, "credentials")[0]["revoked"] > 0)
    refused(d, "has lapsed or was revoked", *want)


def double_spend(c):
    b = c.nodes[1]
    have = b.call("ledger.account", account="beta")["account"]["balance"]
    most = "%.6f" % (have * 0.6 / 1e6)
    ctl(b, "ledger", "transfer", "ef" * 32, most, "--no-wait")
    refused(b, "the account does not hold that much", "ledger", "transfer",
            "ee" * 32, most)
    everywhere(c, "one of the two", lambda n: any(
        r["account"] == "ef" * 32 for r in rows(n, "accounts")))
    assert not any(r["account"] == "ee" * 32
                   for r in rows(b, "accounts"))


def votes(c):
    a, b = c.nodes[:2]
    path = os.path.join(c.dir, "why.txt")
    with open(path, "w") as f:
        f.write("because\n")
    ask(a, "proposal", "new", "text", "a question", "--text", path)
    everywhere(c, "a proposal", lambda n: len(rows(n, "proposals")) == 1)
    ask(b, "proposal", "vote", "1", "yes")
    everywhere(c, "a vote", lambda n:
               rows(n, "proposals")[0]["seats"]["yes"] == 1)
    refused(b, "this account's vote is that already", "proposal", "vote", "1",
            "yes")
    ask(b, "proposal", "vote", "1", "no")
    everywhere(c, "replaced", lambda n:
               rows(n, "proposals")[0]["seats"]["yes"] == 0)
    refused(b, "there is nothing under this id", "proposal", "vote", "2",
            "yes")


def versions(c):
    a, b = c.nodes[:2]
    wait("a version", 60, lambda: rows(a, "tokens"))
    token = rows(a, "tokens")[0]
    owner = [n for n in c.nodes if n.name == token["owner"]][0]
    other = [n for n in c.nodes if n.name != token["owner"]][0]
    refused(other, "only its owner may do this", "model", "transfer",
            token["id"], other.name)
    ask(owner, "model", "transfer", token["id"], other.name)
    refused(owner, "only its owner may do this", "model", "transfer",
            token["id"], owner.name)


def main():
    tap = Tap()
    with Consortium(rounds=3, collect=PATIENT) as c:
        c.start()
        c.wait_height(2)
        found = {}
        tap.run("orders: task, circuit, policy, members, purpose, price",
                lambda: found.update(good=orders(c)))
        tap.run("a credential that is missing, and one that was revoked",
                lambda: credential(c, found["good"]))
        tap.run("the same tokens twice", lambda: double_spend(c))
        tap.run("the same vote twice", lambda: votes(c))
        tap.run("a version by who does not own it", lambda: versions(c))
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
