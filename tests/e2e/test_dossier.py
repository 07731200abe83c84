#!/usr/bin/env python3
"""qmlnode audit: the dossier and its signature, the page, the log of others.

The signature, the canonical form and the tlog-proof are verified here by code
of their own, written from RFC 8032, RFC 8785, RFC 6962 and C2SP's texts.
"""

import base64
import hashlib
import html.parser
import json
import os
import shutil
import subprocess
import sys
import tempfile

from consortium import PATIENCE, Tap, program, run

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
BLOCKS = ("A1", "A2", "A3", "A4", "A5", "A6", "A7", "A8", "A9", "A10", "A14",
          "A15", "A16", "A17", "A18", "A19", "A20")


def x_of(y, sign):
    x2 = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(x2, (P + 3) // 8, P)
    if (x * x - x2) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    assert (x * x - x2) % P == 0, "not a point"
    return P - x if x & 1 != sign else x


def point(data):
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (1 << 255) - 1
    x = x_of(y, sign)
    return (x, y, 1, x * y % P)


def add(p, q):
    a = (p[1] - p[0]) * (q[1] - q[0]) % P
    b = (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def times(s, p):
    q = (0, 1, 1, 0)
    while s:
        if s & 1:
            q = add(q, p)
        p, s = add(p, p), s >> 1
    return q


def ed25519(key, message, sig):
    """RFC 8032, 5.1.7."""
    y = 4 * pow(5, P - 2, P) % P
    base = (x_of(y, 0), y, 1, x_of(y, 0) * y % P)
    a, r, s = point(key), point(sig[:32]), int.from_bytes(sig[32:], "little")
    h = int.from_bytes(hashlib.sha512(sig[:32] + key + message).digest(),
                       "little") % L
    left, right = times(s, base), add(r, times(h, a))
    return s < L and all((left[i] * right[2] - right[i] * left[2]) % P == 0
                         for i in (0, 1))


def base58(text):
    n = 0
    for c in text:
        n = n * 58 + ALPHABET.index(c)
    zeros = len(text) - len(text.lstrip("1"))
    return bytes(zeros) + n.to_bytes((n.bit_length() + 7) // 8, "big")


def jcs(value):
    """RFC 8785 for texts, integers, lists and objects with ASCII keys."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"),
                      ensure_ascii=False).encode()


def proof_holds(text):
    document = json.loads(text)
    assert jcs(document) + b"\n" == text, "not canonical"
    proof = document.pop("proof")
    sig = base58(proof.pop("proofValue")[1:])
    did, key = proof["verificationMethod"].split("#")
    assert did == "did:key:" + key and key[0] == "z"
    raw = base58(key[1:])
    assert raw[:2] == b"\xed\x01" and len(raw) == 34 and len(sig) == 64
    return ed25519(raw[2:], hashlib.sha256(jcs(proof)).digest()
                   + hashlib.sha256(jcs(document)).digest(), sig)


def sha(data):
    return hashlib.sha256(data).digest()


def tlog_proof(text, entry, vkey):
    """C2SP tlog-proof@v1 over signed-note; returns (index, size)."""
    name, keyid, key = vkey.split("+", 2)
    key = base64.b64decode(key, validate=True)
    assert key[0] == 1 and len(key) == 33
    assert sha(name.encode() + b"\n" + key)[:4].hex() == keyid
    head, note = text.split("\n\n", 1)
    lines = head.split("\n")
    assert lines[0] == "c2sp.org/tlog-proof@v1"
    assert lines[1].startswith("index ")
    index = int(lines[1][6:])
    path = [base64.b64decode(x, validate=True) for x in lines[2:]]
    body, signatures = note.split("\n\n", 1)
    body += "\n"
    origin, size, root = body.split("\n")[:3]
    size, root = int(size), base64.b64decode(root, validate=True)
    assert origin == name
    word, who, sig = signatures.rstrip("\n").split(" ")
    assert word == "\u2014" and who == name
    sig = base64.b64decode(sig, validate=True)
    assert sig[:4].hex() == keyid and ed25519(key[1:], body.encode(), sig[4:])
    fn, sn, h = index, size - 1, sha(b"\0" + entry)  # RFC 9162, 2.1.3.2
    assert fn <= sn
    for p in path:
        assert sn != 0
        if fn & 1 or fn == sn:
            h = sha(b"\1" + p + h)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            h = sha(b"\1" + h + p)
        fn, sn = fn >> 1, sn >> 1
    assert sn == 0 and h == root, "not included"
    return index, size


class Page(html.parser.HTMLParser):
    """Every tag closed, nothing fetched from anywhere."""
    VOID = ("meta", "br")

    def __init__(self):
        super().__init__()
        self.open, self.titles, self.words = [], [], []

    def handle_starttag(self, tag, attrs):
        assert tag not in ("script", "link", "img", "iframe", "object"), tag
        for key, value in attrs:
            assert key not in ("src", "href", "onload"), (tag, key)
            assert "url(" not in (value or ""), value
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        self.open.pop()

    def handle_endtag(self, tag):
        assert self.open and self.open[-1] == tag, (tag, self.open)
        self.open.pop()

    def handle_data(self, data):
        if self.open and self.open[-1] in ("h1", "h2"):
            self.titles.append(data)
        self.words.append(data)


def audit(*words, code=0, out=False):
    p = subprocess.run([program("qmlnode"), "audit"] + list(words),
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                       timeout=PATIENCE, check=False, text=True)
    assert p.returncode == code, (words, p.returncode, p.stdout, p.stderr)
    return p.stdout if code == 0 or out else p.stderr


def read(path):
    with open(path, "rb") as f:
        return f.read()


def main():
    tap, top = Tap(), tempfile.mkdtemp(prefix="qml-dossier-")
    home = os.path.join(top, "demo", "alpha")
    key = os.path.join(home, "node.key")
    out = os.path.join(top, "dossier.json")
    page = os.path.join(top, "dossier.html")
    kept = os.path.join(top, "b2.tlog-proof")
    segment = os.path.join(home, "chain", "000001.seg")

    def dossier():
        run(program("qmlnode"), "demo", "--rounds", "5", "--home",
            os.path.join(top, "demo"))
        fid = json.loads(audit(home, "--json"))["federation"]
        audit(home, "--report", out, "--key", key, "--federation", fid)
        text = read(out)
        d = json.loads(text)
        assert d["verdict"] == {"chain": "proved"}, d["verdict"]
        assert [c["check"] for c in d["checks"]] == [
            "A%d" % i for i in range(1, 21)]
        state = {c["check"]: c["state"] for c in d["checks"]}
        for check in BLOCKS:
            want = "cannot be known" if check == "A19" else "proved"
            assert state[check] == want, (check, state[check])
        assert len(d["rounds"]) == 5 and len(d["contributions"]) == 4
        assert d["rounds"][4]["updates"] == 4
        assert proof_holds(text)
        assert audit("--verify", out).startswith("signed by did:key:z6Mk")

    def forged():
        d = json.loads(read(out))
        d["rounds"][2]["correct"] += 1
        bad = os.path.join(top, "forged.json")
        with open(bad, "wb") as f:
            f.write(jcs(d) + b"\n")
        assert not proof_holds(read(bad))
        said = audit("--verify", bad, code=8)
        assert "dossier: " in said and "credential" not in said, said
        del d["proof"]
        with open(bad, "wb") as f:
            f.write(jcs(d) + b"\n")
        audit("--verify", bad, code=8)

    def paper():
        audit(home, "--report", page)
        p = Page()
        p.feed(read(page).decode())
        assert not p.open, p.open
        for title in ("Checks", "Members", "Jobs", "Rounds",
                      "Data and consent", "Privacy spent",
                      "Contributions and pay", "Votes", "Model versions"):
            assert title in p.titles, p.titles
        assert any("Annex IV" in t for t in p.titles)
        words = "".join(p.words)
        assert words.count("To be written:") == 14
        assert "@page{size:A4" in words and "Loss over rounds" in words

    def included():
        vkey = audit(home, "--proof", "2", "--out", kept, "--key", key)
        text, entry = read(kept).decode(), read(kept + ".entry")
        index, size = tlog_proof(text, entry, vkey.strip())
        d = json.loads(read(out))
        assert index == 2 and size == d["log"]["size"]
        v = json.loads(audit(home, "--proof", "2", "--out", kept, "--key", key,
                             "--json"))
        assert v["verifier"] == vkey.strip() and v["file"] == kept, v
        assert d["log"]["root"] in text and d["log"]["origin"] in text
        for bad in (bytes([entry[0] ^ 1]) + entry[1:], entry[:-1]):
            try:
                tlog_proof(text, bad, vkey.strip())
            except AssertionError:
                continue
            raise AssertionError("a changed entry was accepted")
        audit(home, "--proof", "99", "--out", kept + "x", "--key", key,
              code=5)
        audit(home, "--proof", "two", "--out", kept + "x", "--key", key,
              code=2)

    def handed_on():
        """One file, with and without the updates; one block's proof."""
        fid = json.loads(audit(home, "--json"))["federation"]
        sizes = []
        for words, light in (([], False), (["--without-payloads"], True)):
            bundle = os.path.join(top, "chain.qmb")
            run(program("qmlctl"), "chain", "export", bundle, "--home", home,
                *words)
            said = json.loads(audit(bundle, "--json", "--federation", fid))
            assert said["light"] == light and said["audit"] == "ok", said
            assert said["checks"]["A3"] == "proved", said
            want = "cannot be known" if light else "proved"
            assert said["checks"]["A10"] == want, said
            sizes.append(os.path.getsize(bundle))
            assert "no fork" in audit(home, "--against", bundle)
        assert sizes[1] < sizes[0] / 2, sizes
        audit(bundle, "--federation", "qf1" + fid[3:][::-1], code=2)
        proof = os.path.join(top, "b2.json")
        audit(home, "--proof", "2", "--out", proof)
        said = audit("--verify", proof, "--federation", fid)
        assert "block     2 " in said and "compare" not in said, said
        assert "compare its id" in audit("--verify", proof)
        # It is no checkpoint of C2SP; that of a large federation is longer
        # than one can be.
        for tail in ("", " " * 10000):
            with open(proof + tail[:1] + "x", "w", encoding="ascii") as f:
                f.write(read(proof).decode() + tail)
            p = run(program("qmlnode"), "audit", home, "--checkpoint", f.name,
                    code=2)
            assert "not in the form of C2SP" in p.stderr, p.stderr
        d = json.loads(read(proof))
        d["block"] = d["block"][:-1] + ("0" if d["block"][-1] != "0" else "1")
        with open(proof, "w", encoding="ascii") as f:
            json.dump(d, f)
        audit("--verify", proof, code=8)

    def shortened():
        """The blind spot of the files, closed by what was kept."""
        audit(home, "--checkpoint", kept)
        copy = os.path.join(top, "short")
        os.mkdir(copy)
        data = read(segment)
        end = max(i for i in range(0, len(data), 4096) if any(
            data[i:i + 4]) and data[i:i + 4] == b"QMLR")
        with open(os.path.join(copy, "000001.seg"), "wb") as f:
            f.write(data[:end])
        audit(copy)
        said = json.loads(audit(copy, "--json", "--checkpoint", kept, code=8,
                                out=True))
        assert said["fault"]["check"] == "A19", said

    def failed():
        bad = os.path.join(top, "bad")
        shutil.copytree(os.path.join(home, "chain"), bad)
        with open(os.path.join(bad, "000001.seg"), "r+b") as f:
            f.seek(3 * 4096 + 200)
            byte = f.read(1)[0]
            f.seek(3 * 4096 + 200)
            f.write(bytes([byte ^ 1]))
        where = os.path.join(top, "bad.json")
        audit(bad, "--report", where, code=8)
        d = json.loads(read(where))
        assert d["verdict"]["chain"] == "failed" and "proof" not in d
        assert d["verdict"]["check"] == "A2", d["verdict"]
        assert sum(c["state"] == "failed" for c in d["checks"]) == 1
        assert not any(c["state"] == "proved" for c in d["checks"])

    try:
        tap.run("a dossier, canonical and signed", dossier)
        tap.run("changed or unsigned: exit 8", forged)
        tap.run("a page that stands alone, with Annex IV", paper)
        tap.run("tlog-proof: a verifier of its own agrees", included)
        tap.run("bundles and the proof of one block", handed_on)
        tap.run("a shortened chain does not pass the checkpoint", shortened)
        tap.run("a damaged chain: one check fails, none is proved", failed)
    finally:
        shutil.rmtree(top)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
