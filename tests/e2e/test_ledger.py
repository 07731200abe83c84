#!/usr/bin/env python3
"""Transactions on four real daemons: tokens, data, votes; kept by a restart."""

import json
import os
import sqlite3
import sys

from consortium import PATIENT, Consortium, Tap, program, run, wait

QMLCTL = program("qmlctl")
POOR = "12" * 32


def ctl(node, *words, code=0):
    return run(QMLCTL, *words, "--home", node.level().home, "--timeout", "300",
               code=code)


def ask(node, *words):
    return json.loads(ctl(node, *words, "--json").stdout)


def balance(node, name):
    return node.call("ledger.account", account=name)["account"]["balance"]


def rows(node, table):
    return node.level().call("ledger.list", table=table)["rows"]


def everywhere(c, what, check):
    for node in c.nodes:
        wait("%s at %s" % (what, node.name), 60, lambda n=node: check(n))




def transfer(c):
    a, b = c.nodes[:2]
    stranger = "ab" * 32
    sent = ask(a, "ledger", "transfer", stranger, "12.5", "--memo", "thanks")
    assert sent["state"] == "applied" and sent["height"] > 0, sent
    everywhere(c, "12.5 tokens",
               lambda n: balance_or_none(n, stranger) == 12500000)
    assert ask(a, "ledger", "balance", stranger)["account"]["nonce"] == 0
    sent = ask(b, "ledger", "transfer", stranger, "0.000001")
    everywhere(c, "one unit more",
               lambda n: balance_or_none(n, stranger) == 12500001)
    out = ctl(a, "ledger", "list").stdout
    assert "12.500001" in out and "alpha" in out, out
    csv = ctl(a, "ledger", "export", "--csv").stdout.splitlines()
    assert csv[0].startswith("account,name,balance_units"), csv
    assert sum(stranger in line and ",12500001," in line
               for line in csv) == 1, csv
    assert "alpha  " in ctl(a, "ledger", "balance").stdout


def balance_or_none(node, name):
    found = [r for r in rows(node, "accounts")
             if name in (r["name"], r["account"])]
    return found[0]["balance"] if found else None


def many(c):
    """More of one sender than a block interval brings, without waiting."""
    a = c.nodes[2]
    to = "cd" * 32
    for _ in range(20):
        ctl(a, "ledger", "transfer", to, "1", "--no-wait")
    everywhere(c, "20 tokens",
               lambda n: balance_or_none(n, to) == 20000000)


def refused_later(c):
    """Of two transfers the money is enough for one. No start sends again what
    was refused, whatever the sender has by then."""
    a, d = c.nodes[0], c.nodes[3]
    most = balance(d, "delta") * 3 // 4
    d.call("tx.submit", kind="transfer", to=POOR, amount=most)
    try:
        sent = d.call("tx.submit", kind="transfer", to=POOR, amount=most)
    except RuntimeError as e:  # the first one's block was faster
        assert "does not hold" in str(e), e
        sent = None
    if sent:
        wait("one is refused", 60, lambda: d.call(
            "tx.status", id=sent["id"])["state"] == "refused")
    everywhere(c, "one is applied", lambda n: balance_or_none(n, POOR) == most)
    ask(a, "ledger", "transfer", "delta", "%d.%06d" % divmod(most, 10 ** 6))
    wait("nothing is kept for the next start", 60, lambda: not os.listdir(
        os.path.join(d.level().home, "txs")))


def refusals(c):
    a = c.nodes[0]

    def refused(text, *words, code=9):
        p = ctl(a, *words, code=code)
        assert text in p.stderr, (text, p.stderr)

    refused("the account does not hold", "ledger", "transfer", "beta",
            "100000000")
    refused("want a member's name", "ledger", "transfer", "nobody", "1",
            code=2)
    refused("is not an amount", "ledger", "transfer", "beta", "-1", code=2)
    refused("refused", "data", "withdraw", "00" * 32)
    refused("refused", "proposal", "vote", "77", "yes")
    refused("nobody has this account", "ledger", "balance", "ef" * 32, code=5)
    refused("want one of these", "ledger", "mint", code=2)


def data(c):
    a, b = c.nodes[:2]
    for node in c.nodes:
        ctl(node, "data", "register", "rows of " + node.name, "--tasks",
            "vqc,linear", "--price", "0.5", "--licence", "CC-BY-4.0",
            "--purpose", "research")
    everywhere(c, "four assets", lambda n: len(rows(n, "assets")) == 4)
    mine = [r for r in rows(b, "assets") if r["owner"] == "alpha"][0]
    assert mine["state"] == "active" and mine["rows"] > 0, mine
    assert mine["tasks"] == ["vqc", "linear"], mine
    again = ctl(a, "data", "register", "twice", "--tasks", "vqc", code=9)
    assert "registered before" in again.stderr, again.stderr
    assert "data register --parent ID" in again.stderr, again.stderr
    other = ctl(b, "data", "withdraw", mine["id"], code=9)
    assert "refused" in other.stderr, other.stderr
    sent = ask(a, "data", "withdraw", mine["id"])
    everywhere(c, "withdrawn", lambda n: [
        r["state"] for r in rows(n, "assets") if r["owner"] == "alpha"
    ] == ["withdrawn"])
    honoured(c, sent["height"])


def honoured(c, height):
    """From the round after that of the withdrawal, alpha gives no update."""
    b = c.nodes[1]

    def later():
        return [r for r in b.call("rounds", n=1000)["rounds"]
                if r["height"] > height][1:4]

    wait("three rounds more", 60, lambda: len(later()) == 3)
    for r in later():
        parts = {p["member"]: p["update"]
                 for p in b.call("round", n=r["round"])["parts"]}
        assert not parts.get("alpha"), (r["round"], parts)
        why = [p["reason"] for p in b.call("round", n=r["round"])["parts"]
               if p["member"] == "alpha"]
        assert why in ([], ["no_data"], ["declined"]), why
        assert sum(parts.values()) == 3, (r["round"], parts)
        assert r["kind"] == "aggregate", r


def restart(c):
    def facts(n):
        # Rounds go on between the question and the stop: uses may grow.
        return [[dict(r, rounds_used=0) for r in rows(n, t)]
                for t in ("assets", "proposals")]

    before = [facts(n) for n in c.nodes]
    assert [n.stop() for n in c.nodes] == [0, 0, 0, 0]
    c.start()
    for node, f in zip(c.nodes, before):
        wait(node.name, 60, lambda n=node: n.height() > 0)
        assert facts(node) == f, node.name
    everywhere(c, "12.500001 tokens",
               lambda n: balance_or_none(n, "ab" * 32) == 12500001)
    # Time for all that the starts sent; audited() counts it.
    c.wait_height(max(c.heights()) + 8)


def conserved(c):
    t = c.nodes[0].call("ledger.account")
    assert t["minted"] <= t["cap"], t
    assert t["burned"] > 0 and t["treasury"] > 0, t


def audited(c):
    tops = c.heights()
    a = c.nodes[0]
    wait("the index", 60, lambda: a.call("ledger.history")[
        "applied_height"] >= max(tops))
    assert [n.stop() for n in c.nodes] == [0, 0, 0, 0]
    for n in c.nodes:
        run(program("qmlnode"), "audit", n.home, "--json")
    found = []
    for root, _, files in os.walk(c.nodes[0].home):
        found += [os.path.join(root, f) for f in files if f == "index.db"]
    db = sqlite3.connect("file:%s?mode=ro" % found[0], uri=True)
    kinds = dict(db.execute("SELECT kind, count(*) FROM txs GROUP BY kind"))
    db.close()
    assert kinds == {"transfer": 24, "asset_register": 4,
                     "asset_withdraw": 1}, kinds
    assert min(tops) > 10, tops


def main():
    tap = Tap()
    with Consortium(rounds=100000, collect=PATIENT) as c:
        c.start()
        c.wait_height(2)
        tap.run("tokens move, and all nodes say so", lambda: transfer(c))
        tap.run("20 of one sender at once", lambda: many(c))
        tap.run("what is refused says why", lambda: refusals(c))
        tap.run("data: registered, withdrawn, not used any more",
                lambda: data(c))
        tap.run("minted, burned, treasury", lambda: conserved(c))
        tap.run("what is refused later stays so", lambda: refused_later(c))
        tap.run("a restart of all keeps the books", lambda: restart(c))
        tap.run("four chains pass the audit", lambda: audited(c))
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
