#!/usr/bin/env python3
"""What an operator asks of the books: histories, settlements, proposals,
versions and their cards, credentials, erasure. On four real daemons."""

import csv
import io
import json
import os
import sqlite3
import sys

from consortium import DIGITS, PATIENT, Consortium, Tap, program, run, wait

QMLCTL = program("qmlctl")


def ctl(node, *words, code=0):
    return run(QMLCTL, *words, "--home", node.level().home, "--timeout", "300",
               code=code)


def ask(node, *words):
    return json.loads(ctl(node, *words, "--json").stdout)


def refused(node, text, *words, code=9):
    p = ctl(node, *words, code=code)
    assert text in p.stderr, (text, p.stderr)


def rows(node, table):
    return node.level().call("ledger.list", table=table)["rows"]


def indexed(node, height):
    """index.db follows when nothing else waits."""
    def reached():
        try:
            return node.call("ledger.history")["applied_height"] >= height
        except RuntimeError as e:  # the file is just being made
            assert "not there yet" in str(e), e
            return False

    wait("index of %s at %d" % (node.name, height), 60, reached)


def units(text):
    whole, part = text.split(".")
    sign = -1 if whole.startswith("-") else 1
    assert len(part) == 6, text
    return sign * (abs(int(whole)) * 1000000 + int(part))


def history(c):
    a, b = c.nodes[:2]
    sent = ask(a, "ledger", "transfer", "beta", "12.5", "--memo", "=1, two")
    indexed(a, sent["height"])
    h = ask(a, "ledger", "history", "-n", "1000")
    first, entries = h["entries"][0], h["entries"]
    assert first["cause"] == "opening" and first["height"] == 0, first
    balance = 0
    for e in entries:
        balance += e["change"]
        assert e["balance"] == balance, e
    mine = [e for e in entries if e.get("tx") == sent["id"]]
    assert [e["cause"] for e in mine] == ["fee", "transfer"], mine
    assert mine[1]["change"] == -12500000, mine
    assert mine[1]["receiver"] == "beta" and mine[1]["memo"] == "=1, two"
    assert mine[1]["height"] == sent["height"], mine
    out = ctl(a, "ledger", "history", "beta").stdout
    assert "from alpha: =1, two" in out and "12.500000" in out, out
    assert "signed the block of round" in ctl(b, "ledger", "history").stdout
    assert ask(a, "ledger", "history", "-n", "2")["entries"] == entries[-2:] \
        or len(ask(a, "ledger", "history", "-n", "2")["entries"]) == 2
    refused(a, "want a member's name", "ledger", "history", "nobody", code=2)
    refused(a, "is not 1 to", "ledger", "history", "-n", "0", code=2)


def settlement(c):
    a = c.nodes[0]
    text = ctl(a, "ledger", "export", "--csv").stdout
    table = list(csv.DictReader(io.StringIO(text)))
    assert [r["name"] for r in table][-1] == "treasury", table
    for r in table:
        skip = ("account", "name", "balance_units", "transactions", "closing",
                "from_block", "to_block")
        moved = sum(units(v) for k, v in r.items() if k not in skip)
        assert moved == units(r["closing"]) == int(r["balance_units"]), r
    alpha = [r for r in table if r["name"] == "alpha"][0]
    assert units(alpha["transfers_out"]) == -12500000, alpha
    height = int(alpha["to_block"])
    part = list(csv.DictReader(io.StringIO(ctl(
        a, "ledger", "export", "--csv", "--from", "1", "--to",
        height).stdout)))
    again = [r for r in part if r["name"] == "alpha"][0]
    assert units(again["opening"]) == 1000000000, again
    assert again["closing"] == alpha["closing"], (again, alpha)
    text = ctl(a, "ledger", "export", "--csv", "--entries", "--to",
               height).stdout
    lines = list(csv.DictReader(io.StringIO(text)))
    memo = [r for r in lines if r["memo"]]
    assert memo and memo[0]["memo"] == "'=1, two", memo
    assert sum(units(r["change"]) for r in lines
               if r["name"] == "alpha") == int(alpha["balance_units"])
    days = ctl(a, "ledger", "export", "--csv", "--from", "2000-01-01", "--to",
               "2000-02-01").stdout
    assert all(units(r["closing"]) == 0 or r["name"] != "alpha" or
               units(r["closing"]) == 1000000000
               for r in csv.DictReader(io.StringIO(days))), days
    refused(a, "neither a block's height nor a day", "ledger", "export",
            "--csv", "--from", "yesterday", code=2)
    refused(a, "want --csv or --json", "ledger", "export", code=2)


def tick(node, height):
    """Blocks until this height: transactions make them come at once."""
    while node.height() < height:
        ctl(node, "ledger", "transfer", "beta", "0.000001")


def proposals(c):
    a, b = c.nodes[:2]
    text = c.dir + "/reasons.txt"
    with open(text, "w") as f:
        f.write("Because it is better so.\n")
    ctl(a, "proposal", "new", "text", "a better way", "--text", text)
    p = ask(b, "proposal", "show", "1")
    assert p["kind"] == "text" and p["title"] == "a better way", p
    assert list(p)[0] == "schema" and p["schema"] == "qml.proposal/1", p
    assert [v["option"] for v in p["voters"]] == [""] * 4, p
    assert p["quorum_ppm"] == 334000 and not p["seats"]["quorum"], p
    out = ctl(b, "proposal", "show", "1", "--text", text)
    assert "nothing by itself" in out.stdout, out.stdout
    assert "is the text of this proposal" in out.stderr, out.stderr
    assert "0.0 % cast, quorum of 33.4 % not reached" in out.stdout, out.stdout
    assert "next: qmlctl proposal vote 1" in out.stdout, out.stdout
    with open(text, "a") as f:
        f.write("And more.\n")
    refused(b, "is not the text", "proposal", "show", "1", "--text", text,
            code=8)
    refused(b, "there is no proposal 9", "proposal", "show", "9", code=5)
    refused(b, "want its number", "proposal", "show", "x", code=2)
    ctl(a, "proposal", "vote", "1", "yes")
    ctl(b, "proposal", "vote", "1", "no")
    ctl(b, "proposal", "vote", "1", "abstain")
    out = ctl(b, "proposal", "show", "1").stdout
    # In the order of node ids, which keys decide.
    assert "alpha yes" in out and "beta abstain" in out, out
    assert "50.0 % cast, quorum of 33.4 % reached; 100.0 % yes" in out, out
    assert "blocks from now" in out and "not yet   " in out, out
    end = ask(a, "proposal", "show", "1")["end"]
    tick(a, end)
    out = ctl(a, "proposal", "show", "1").stdout
    assert "state     executed" in out and "next:" not in out, out
    refused(a, "refused", "proposal", "vote", "1", "yes")
    assert "executed" in ctl(a, "proposal", "list").stdout


def credentials(c):
    a, b, d = c.nodes[0], c.nodes[1], c.nodes[3]
    vc, vp = c.dir + "/vc.json", c.dir + "/vp.json"
    ctl(a, "data", "register", "guarded rows", "--tasks", "vqc,linear",
        "--purpose", "research", "--credential", "data-steward")
    for n in c.nodes[1:]:
        ctl(n, "data", "register", n.name + " rows", "--tasks", "vqc,linear",
            "--purpose", "research", "--rounds", "20", "--licence",
            "CC-BY-4.0")
    assets = [r["id"] for r in rows(n, "assets")]
    assert len(assets) == 4, assets
    job = c.dir + "/job.yaml"
    with open(job, "w") as f:
        f.write("job:\n  task: vqc\n  qubits: 6\n  layers: 3\n  rounds: 3\n"
                '  steps: 10\n  seed: "%s"\n' % ("5e" * 32))
    order = ("job", "order", job, "--assets", ",".join(assets), "--price",
             "1", "--escrow", "100", "--purpose", "research")
    p = ctl(b, *order, code=9)
    assert "credential" in p.stderr and "qmlctl credential" in p.stderr, p

    made = ask(a, "credential", "issue", "beta", "--type", "data-steward",
               "--days", "30", "-o", vc)
    assert made["state"] == "applied" and made["file"] == vc, made
    with open(vc) as f:
        doc = json.load(f)
    assert doc["type"] == ["VerifiableCredential", "DataStewardCredential"]
    assert doc["proof"]["cryptosuite"] == "eddsa-jcs-2022", doc
    refused(a, "choose another -o", "credential", "issue", "beta", "--type",
            "auditor", "-o", vc)
    refused(a, "want membership, data-steward or auditor", "credential",
            "issue", "beta", "--type", "king", code=2)

    v = ask(d, "credential", "verify", vc)
    assert v["ok"] and v["issuer"] == "alpha" and v["subject"] == "beta", v
    assert v["revocation"] == "valid" and v["id"] == made["credential"], v
    offline = ctl(d, "credential", "verify", vc, "--offline").stdout
    assert "a revocation cannot be known" in offline, offline
    run(program("qmlnode"), "credential", "verify", vc, "--federation", c.file)

    ctl(b, "credential", "present", vc, "--challenge", "for delta", "-o", vp)
    v = ask(d, "credential", "verify", vp, "--challenge", "for delta")
    assert v["ok"] and v["presentation"], v
    p = ctl(d, "credential", "verify", vp, "--challenge", "other", code=8)
    assert "not made for this challenge" in p.stdout, p
    refused(d, "its subject is not this node", "credential", "present", vc)

    bad = c.dir + "/bad.json"
    for change in ({"validUntil": "2099-01-01T00:00:00Z"},
                   {"credentialSubject": dict(doc["credentialSubject"],
                                              name="king")}):
        with open(bad, "w") as f:
            json.dump(dict(doc, **change), f)
        p = ctl(d, "credential", "verify", bad, code=8)
        assert "signature does not fit" in p.stdout, p
    with open(bad, "w") as f:
        f.write("{}")
    ctl(d, "credential", "verify", bad, code=8)

    sent = ask(b, *order)
    ctl(b, "job", "cancel", sent["id"])
    refused(b, "refused", "credential", "revoke", made["credential"])
    gone = ask(a, "credential", "revoke", made["credential"])
    assert gone["state"] == "applied", gone
    p = ctl(b, *order, code=9)
    assert "credential" in p.stderr, p
    p = ctl(d, "credential", "verify", vc, code=8)
    assert "revoked" in p.stdout, p
    out = ctl(a, "credential", "list").stdout
    assert "DataStewardCredential" in out and "revoked" in out, out


def erasure(c):
    a, d = c.nodes[0], c.nodes[3]
    salt = d.home + "/data.salt"
    asset = [r for r in rows(a, "assets") if r["owner"] == "delta"][0]
    out = ctl(a, "data", "show", asset["id"]).stdout
    assert "0 used, 20 left of 20" in out and "no budget" in out, out
    assert "none used it yet" in out and "consent   until block" in out, out
    shown = ask(a, "data", "show", asset["id"])
    assert shown["models"] == [] and shown["rounds_max"] == 20, shown
    refused(a, "no data asset", "data", "show", "00" * 32, code=5)
    with open(salt, "rb") as f:
        secret = f.read()

    refused(d, "--yes", "data", "erase", asset["id"], code=2)
    refused(a, "only its owner's node", "data", "erase", asset["id"], "--yes")
    refused(d, "no data asset", "data", "erase", "00" * 32, "--yes", code=5)
    with open(salt, "rb") as f:
        assert f.read() == secret
    p = ask(d, "data", "erase", asset["id"], "--yes")
    assert p["destroyed"]["destroyed"] and p["height"] > 0, p
    assert p["root_before"] == asset["root"], p
    assert p.get("root_after") == "", p
    assert not os.path.exists(salt)
    assert [r["state"] for r in rows(a, "assets") if r["id"] == asset["id"]] \
        == ["erased"]
    refused(d, "was erased in block", "data", "erase", asset["id"], "--yes")
    out = run(program("qmltrain"), "check", "--home", d.home, "--json").stdout
    assert json.loads(out)["asset"] is None, out
    wait("no trainer", 20,
         lambda: d.call("status")["trainer"]["state"] == "none")
    out = ctl(a, "data", "show", asset["id"]).stdout
    assert "salt key destroyed in block" in out, out
    # It goes on as a validator, and without `data` it starts as one.
    assert ask(a, "ledger", "transfer", "beta", "1")["height"] > p["height"]
    assert d.stop() == 0
    said = run(program("qmlnode"), "check", "--home", d.home, code=None)
    assert said.returncode == 78 and "erased, or lost" in said.stderr, said
    for n in c.nodes[:3]:
        with open(n.home + "/data.salt", "rb") as f:
            assert len(f.read()) == 32


FAST = """
economy:
  voting_period: 16
  voting_extension: 0
  voting_lock: 0
"""


def versions(c):
    a, b = c.nodes[:2]
    token = rows(a, "tokens")[0]
    t = token["id"]
    owner = [n for n in c.nodes if n.name == token["owner"]][0]
    other = [n for n in c.nodes if n is not owner][0]
    third = [n for n in c.nodes if n not in (owner, other)][0]
    out = ctl(a, "model", "show", t).stdout
    assert "owner     " + owner.name in out and "the first of its line" in out
    v = ask(a, "model", "show", t)
    assert v["job"]["task"] == "vqc" and v["training"][0]["aggregated"] > 0, v
    assert sum(s["ppm"] for s in v["shares"]) == 1000000, v

    refused(other, "refused", "model", "transfer", t, other.name)
    ctl(owner, "model", "approve", t, other.name)
    sent = ask(other, "model", "transfer", t, third.name)
    lease = ask(third, "model", "lease", t, other.name, "--expires-in", "50",
                "--price", "2")
    refused(third, "refused", "model", "lease", t, owner.name, "--expires-in",
            "50")
    indexed(a, lease["height"])
    h = ask(a, "model", "history", t)["events"]
    assert [e["kind"] for e in h] == ["minted", "model_approve",
                                      "model_transfer", "model_lease"], h
    assert h[2]["height"] == sent["height"], h
    assert (h[2]["sender"], h[2]["receiver"]) == (other.name, third.name), h
    assert h[3]["amount"] == 2000000, h
    out = ctl(a, "model", "history", t).stdout
    assert "%s transferred it to %s" % (other.name, third.name) in out, out
    assert "for 2.000000 tokens" in out, out
    refused(a, "there is no such version", "model", "history", "00" * 32,
            code=5)
    refused(a, "want 64 hex digits", "model", "card", "x", code=2)


def card(c):
    a = c.nodes[0]
    t = rows(a, "tokens")[0]["id"]
    v = ask(a, "model", "card", t)
    assert v["quantum_advantage"] == "not shown", v
    assert "metrics" not in v and v["limitations"], v
    groups, out = c.dir + "/groups.txt", c.dir + "/CARD.md"
    with open(DIGITS) as f:
        n = len(f.readlines()) - 1
    with open(groups, "w") as f:
        f.write("ward\n" + "".join(
            ("few" if i < 20 else "ab"[i % 2]) + "\n" for i in range(n)))
    s = ask(a, "model", "card", t, "--score", DIGITS, "--groups", groups)
    assert s["metrics"]["rows"] == n, s["metrics"]
    num, den = map(int, s["metrics"]["accuracy"]["exact"].split("/"))
    assert n % den == 0 and num / den > 0.5, s["metrics"]
    few = [g for g in s["fairness"]["groups"] if g["group"] == "few"]
    assert few == [{"group": "few", "suppressed": True}], s["fairness"]
    assert all("rows" not in g for g in s["fairness"]["groups"]), s
    assert len(s["fairness"]["gaps"]) == 10, s["fairness"]
    assert all("/" in g["equalised_odds"]["exact"]
               for g in s["fairness"]["gaps"]), s["fairness"]
    ctl(a, "model", "card", t, "--score", DIGITS, "--markdown", "-o", out)
    with open(out) as f:
        text = f.read()
    assert text.startswith("---\n") and "## Limitations" in text, text
    assert "recall" in text and "- **quantum advantage**: not shown" in text
    refused(a, "File exists", "model", "card", t, "-o", out)
    with open(groups, "a") as f:
        f.write("one\nmore\n")
    refused(a, "want a group for each row", "model", "card", t, "--score",
            DIGITS, "--groups", groups, code=1)
    model = c.dir + "/model.json"
    ctl(a, "model", "export", "-o", model)
    ctl(a, "model", "card", t, "--score", DIGITS, "--model", model)
    with open(model) as f:
        m = json.load(f)
    m["params_q24"][0] += 1
    with open(model, "w") as f:
        json.dump(m, f)
    refused(a, "the version's is", "model", "card", t, "--score", DIGITS,
            "--model", model, code=8)


def index(c):
    """The same tables at every node, rebuilt from the segments or not."""
    assert [n.stop() for n in c.nodes] == [0, 0, 0, 0]
    facts = []
    for n in c.nodes:
        db = sqlite3.connect("file:%s/index.db?mode=ro" % n.home, uri=True)
        top = db.execute("SELECT value FROM meta WHERE key ="
                         " 'applied_height'").fetchone()[0]
        assert not db.execute("SELECT * FROM meta WHERE key ="
                              " 'books_stopped'").fetchall()
        facts.append((top, {t: db.execute(
            "SELECT * FROM %s ORDER BY 1, 2" % t).fetchall()
            for t in ("accounts", "entries", "payouts", "assets", "proposals",
                      "votes", "tokens", "credentials", "uses")}))
        db.close()
    low = min(f[0] for f in facts)
    entries = [[e for e in f[1]["entries"] if e[0] <= low] for f in facts]
    assert entries[0] and all(e == entries[0] for e in entries[1:])
    n = c.nodes[0]
    run("rm", "-f", n.home + "/index.db", n.home + "/index.db-wal",
        n.home + "/index.db-shm")
    c.start()
    indexed(n, facts[0][0])
    db = sqlite3.connect("file:%s/index.db?mode=ro" % n.home, uri=True)
    again = db.execute("SELECT * FROM entries WHERE height <= ? ORDER BY 1, 2",
                       (facts[0][0],)).fetchall()
    db.close()
    assert again == facts[0][1]["entries"]


def main():
    tap = Tap()
    with Consortium(rounds=12, edit=lambda text: text + FAST,
                    collect=PATIENT) as c:
        c.start()
        c.wait_height(13)
        wait("the version", 60, lambda: rows(c.nodes[0], "tokens"))
        tap.run("history: every change and what was left",
                lambda: history(c))
        tap.run("settlement: adds up to the last digit", lambda: settlement(c))
        tap.run("proposals: shown, voted, carried out", lambda: proposals(c))
        tap.run("versions: owners, users, history", lambda: versions(c))
        tap.run("card: metrics, fairness, limitations", lambda: card(c))
        tap.run("credentials: issued, shown, verified, revoked",
                lambda: credentials(c))
        tap.run("index.db: the same everywhere, and rebuilt",
                lambda: index(c))
        tap.run("erasure: the salt key is gone, and what remains",
                lambda: erasure(c))
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
