#!/usr/bin/env python3
"""qmlctl and the control socket, over live federations.

Every command for people and for programs, every exit code, who may do what,
and what a client that misbehaves can and cannot do to the daemon.
"""

import json
import os
import re
import socket
import subprocess
import sys
import tempfile

from consortium import (PATIENCE, PATIENT, ROOT, Consortium, Rpc, Tap, program,
                        run, wait)

IRIS = os.path.join(ROOT, "tests/data/datasets/iris.csv")
QMLCTL = program("qmlctl")


def ctl(node, *words, code=0, **kw):
    return run(QMLCTL, "--home", node.home, *words, code=code, **kw)


def ask(node, *words, code=0):
    """--json gives one object on one line, with a schema first."""
    out = ctl(node, *words, "--json", code=code).stdout
    assert out.endswith("\n") and out.count("\n") == 1, out
    v = json.loads(out)
    assert re.match(r"qml\.[a-z]+/1$", v["schema"]), v
    assert next(iter(v)) == "schema", list(v)[:3]
    return v


def said(p, *patterns):
    text = p.stdout + p.stderr
    for pattern in patterns:
        assert re.search(pattern, text), (pattern, text)


def refused(node, code, pattern, *words):
    p = ctl(node, *words, code=code)
    assert p.stdout == "", p.stdout
    said(p, "^error: ", pattern)


def nobody_there(c):
    node = c.nodes[0]
    sock = os.path.join(node.home, "qmlnode.sock")
    refused(node, 3, "no daemon at %s.*\n.*qmlnode run --home %s" % (
        re.escape(sock), re.escape(node.home)), "status")
    s = socket.socket(socket.AF_UNIX)
    s.bind(sock)
    s.close()  # a socket whose owner died
    refused(node, 3, "nobody answers", "status")
    p = run(QMLCTL, "--socket", "/nonexistent/x.sock", code=3)
    said(p, "/nonexistent/x.sock")
    p = run(QMLCTL, "--socket", "/" + "x" * 200, code=2)
    said(p, "107 bytes")


def silent_daemon(c):
    path = os.path.join(c.dir, "silent.sock")
    with socket.socket(socket.AF_UNIX) as s:
        s.bind(path)
        s.listen(1)
        said(run(QMLCTL, "--socket", path, "--timeout", 1, code=6),
             "no answer in 1 s")


def usage(c):
    node = c.nodes[0]
    refused(node, 2, 'did you mean "round', "roun")
    refused(node, 2, "did you mean --json", "status", "--jsn")
    refused(node, 2, "want its number", "round")
    refused(node, 2, "want its number", "round", "-1")
    refused(node, 2, "want its height", "block", "x")
    refused(node, 2, "not 1 or more", "rounds", "-n", "0")
    refused(node, 2, "not 1 to 86400", "status", "--timeout", "0")
    refused(node, 2, "show, export or predict", "model", "sell")
    refused(node, 2, "want json, yaml, qasm3 or qasm2", "model", "export",
            "--format", "qasm")
    refused(node, 2, "has no symbols", "model", "export", "--symbolic")
    refused(node, 2, "belongs to export", "model", "show", "-o", "x")
    refused(node, 2, "JSON: ", "rpc", "status", "{")
    refused(node, 2, "is a stream", "rpc", "events")
    for option in ("--power", "--weight"):
        for bad in ("0", "1048577", "x"):
            refused(node, 2, "%s %s: want a number" % (option, bad), "invite",
                    "eve", option, bad)
        refused(node, 2, "the seat keeps its power", "invite", "eve",
                "--replace", "beta", option, "2")
    for word in ("help", "--help"):
        said(ctl(node, word), "usage: qmlctl COMMAND", "events")
    said(ctl(node, "round", "--help"), "usage: qmlctl round N", "--socket")
    said(ctl(node, "version"), r"qmlctl \d+\.\d+")
    assert len(ask(node, "version")["build"]) == 64


def status(c):
    node = c.nodes[1]
    s = ask(node, "status")
    assert s["name"] == node.name and s["members"] == 4
    assert s["connected"] == 4 and s["tolerates"] == 1 and s["note"] == ""
    assert s["why"] and s["halted"] == "", s["why"]
    said(ctl(node), r"^%s  of e2e  4 of 4 members" % node.name,
         r"\n  now      \S", r"\n  loss     \d\.\d{4}  \(",
         r"\n  node     qn1\w{58}\n", r"\nnext: qmlctl ")
    assert "\u2581" not in ctl(node).stdout  # not a terminal
    assert ask(node)["schema"] == "qml.status/1"
    said(run(QMLCTL, "status", env=dict(os.environ, QMLNODE_HOME=node.home)),
         r"^%s " % node.name)


def lists(c):
    node = c.nodes[0]
    peers = ask(node, "peers")["peers"]
    assert sorted(p["name"] for p in peers) == ["beta", "delta", "gamma"]
    assert all(p["up"] and p["bytes_in"] > 0 for p in peers), peers
    said(ctl(node, "peers"), r"^MEMBER +LINK", r"\nbeta +up, ")
    members = ask(node, "members")["members"]
    assert [m["name"] for m in members if m["self"]] == ["alpha"]
    assert all(m["connected"] for m in members), members
    said(ctl(node, "members"), r"\nalpha +member +this node +1 +1 +127.0.0.1:\d+ +qn1")
    rounds = ask(node, "rounds", "-n", "3")["rounds"]
    assert len(rounds) == 3, rounds
    assert rounds[0]["round"] + 2 == rounds[2]["round"], rounds
    said(ctl(node, "rounds", "-n", "3"), r"^ *ROUND  BLOCK", "next: qmlctl")
    # It fetches a block now and then where it was slower than the others.
    h = wait("health", 60, lambda: [v for v in [
        json.loads(ctl(node, "health", "--json", code=None).stdout)]
        if v["ok"]])[0]
    assert {k["check"] for k in h["checks"]} == {
        "voting", "quorum", "blocks", "synced", "signing", "clock", "stored",
        "rules", "trainer"}, h
    wait("health in words", 60, lambda: re.search(
        r"\nhealthy\n$", ctl(node, "health", code=None).stdout))


def one_round(c):
    """The chain, the list and every node say the same of a round."""
    node = c.nodes[0]
    last = ask(node, "rounds", "-n", "1")["rounds"][0]
    r = ask(node, "round", str(last["round"]))
    for key in ("round", "height", "kind", "time_ms", "duration_ms", "rows",
                "loss_before", "loss_after", "updates"):
        assert r[key] == last[key], (key, r[key], last[key])
    assert sum(p["rows"] for p in r["parts"]) == r["rows"]
    assert {p["member"] for p in r["parts"]} <= {n.name for n in c.nodes}
    b = ask(node, "block", str(r["height"]))
    assert b["kind"] == r["kind"] and b["round"] == r["round"]
    assert len(b["answers"]) == len(r["parts"])
    assert b["certificate"]["power"] >= 3 == len(set(
        b["certificate"]["signers"][:3]))
    assert b["proposer"] in {n.name for n in c.nodes}
    c.wait_height(r["height"])
    for other in c.nodes[1:]:
        o = ask(other, "block", str(r["height"]))
        assert o["id"] == b["id"] and o["model"] == b["model"]
        assert ask(other, "round", str(r["round"])) == r
    after = ask(node, "block", str(r["height"] + 1)) \
        if node.height() > r["height"] else None
    assert after is None or after["prev"] == b["id"]
    zero = ask(node, "block", "0")
    first = ask(node, "block", "1")
    assert first["prev"] == zero["federation"] == \
        ask(node, "status")["federation"]
    every = ask(node, "rounds", "-n", "1000")["rounds"]
    assert ask(node, "round", "0")["duration_ms"] == every[0]["duration_ms"]
    said(ctl(node, "round", "0"), r"^round 0  ", r"\n%s +update" % node.name)
    said(ctl(node, "block", "1"), r"\n  id +qb1", r"\n  signed by +\w+, \w+")
    said(ctl(node, "block", "head"), r"^block \d+ ")
    head = ask(node, "block", "head")
    assert head["height"] >= r["height"]
    refused(node, 5, "is to come", "round", "99999")
    refused(node, 5, "no block 99999 yet", "block", "99999")
    refused(node, 5, "no such method", "rpc", "nix")
    v = json.loads(ctl(node, "rpc", "round", '{"n":0}').stdout)
    assert v["round"] == 0
    said(ctl(node, "rpc"), r'^{"schema":"qml.methods/1",.*"block":')
    refused(node, 2, "n: want", "rpc", "round", '{"n":"x"}')


def model(c):
    node = c.nodes[2]
    path = os.path.join(c.dir, "model.json")
    p = ask(node, "model", "export", "-o", path)
    with open(path) as f:
        m = json.load(f)
    assert p["file"] == path and m["model"] == p["model"]
    assert len(m["params_q24"]) == len(m["params"]) == m["dim"]
    assert not os.path.exists(path + ".part")
    assert ask(node, "block", str(m["height"]))["model"] == m["model"]
    score = run(program("qmltrain"), "score", "--federation", c.file, "--data",
                os.path.join(c.dir, "rows/heldout.csv"), "--model", path,
                "--json")
    assert json.loads(score.stdout)["accuracy"] > 0.3, score.stdout
    v = json.loads(ctl(node, "model", "export", "--format", "json").stdout)
    assert v["schema"] == "qml.model/1"
    said(ctl(node, "model", "export", "-o", path), "^wrote ",
         "next: qmltrain score")
    said(ctl(node, "model", "show"), "^model    qm1", r"\d+ parameters")
    refused(node, 74, "/nonexistent/m", "model", "export", "-o",
            "/nonexistent/m")
    circuit(c, node, path)


def circuit(c, node, path):
    """The circuit is the one that the exported model is of."""
    want = run(program("qmltrain"), "export", "--federation", c.file,
               "--model", path).stdout
    text = ctl(node, "model", "export", "--format", "qasm3").stdout
    head = text[:text.index("OPENQASM 3.0;")]
    assert head.count("// score ") == 3, head
    if head == want[:len(head)]:  # no round closed in between
        assert text == want
    qasm = os.path.join(c.dir, "model.qasm")
    p = ctl(node, "model", "export", "--format", "qasm2", "-o", qasm)
    said(p, "^wrote ", "next: qmlsim draw")
    said(run(program("qmlsim"), "run", qasm, "--expval", "Z0"), "^<Z0>  ")
    p = ctl(node, "model", "export", "--format", "qasm3", "--symbolic")
    said(p, "\ninput float\\[64\\] theta_0;", "theta_0\\) q\\[0\\];")


def events(c):
    node = c.nodes[3]
    out = ctl(node, "events", "--count", "12", "--json").stdout
    lines = [json.loads(x) for x in out.splitlines()]
    assert len(lines) == 12
    blocks = [e["params"] for e in lines if e["method"] == "block.committed"]
    assert blocks and all(b["id"].startswith("qb1") for b in blocks)
    assert {e["method"] for e in lines} <= {
        "round.opened", "answer.received", "block.committed"}
    answers = [(e["params"]["round"], e["params"]["member"]) for e in lines
               if e["method"] == "answer.received"]
    assert len(set(answers)) == len(answers)  # each one once
    said(ctl(node, "events", "--count", "6"),
         r"^\d\d:\d\d:\d\d  (block|round|answer)")


def ended(p):
    """What an ended Popen left, as run() would give it."""
    return subprocess.CompletedProcess(p.args, p.returncode, "",
                                       p.stderr.read())


def trouble(c):
    """No quorum: health says so, and status why no block comes."""
    a, rest = c.nodes[0], c.nodes[1:]
    p = subprocess.Popen([QMLCTL, "events", "--home", rest[0].home],
                         stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                         text=True)
    wait("subscription", 10, lambda: p.poll() is None)
    said(ctl(rest[0], "stop"), "^stopping: ")
    assert rest[0].proc.wait(PATIENCE) == 0
    rest[0].proc = None
    assert p.wait(PATIENCE) == 3
    said(ended(p), "no daemon at|closed the connection")
    assert rest[1].stop() == 0
    wait("the links to go", 10,
         lambda: ask(a, "status")["connected"] == 2)
    h = ask(a, "health", code=7)
    assert [k["check"] for k in h["checks"] if not k["ok"]] == ["quorum"]
    said(ctl(a, "health", code=7), "FAIL  quorum: ", "next: ")
    said(ctl(a), "now      no quorum: links to 1 of 3 others, not to ")
    said(ctl(a, "peers"), r"\nbeta +down", "2 down")


def after_restart(c):
    """Rounds are read back from the chain."""
    a = c.nodes[0]
    before = ask(a, "rounds", "-n", "1000")["rounds"]
    assert a.stop() == 0
    a.start()
    a.rpc().close()
    again = ask(a, "rounds", "-n", "1000")["rounds"]
    assert again == before[-len(again):], (before[-3:], again[-3:])
    assert len(again) == min(len(before), 128), (len(before), len(again))
    assert ask(a, "round", "1")["round"] == 1


def garbage(node):
    rpc = node.rpc()
    for line in (b"", b"{", b"\xff\x00\xfe", b"[]", b"7", b'{"jsonrpc":"2.0"}',
                 b'{"jsonrpc":"2.0","id":1,"method":7}', b"[" * 200,
                 b'{"jsonrpc":"2.0","id":1,"method":"status","params":[]}',
                 b'{"jsonrpc":"2.0","id":{"a":[1]},"method":"%s"}' % (
                     b"x" * 100)):
        rpc.file.write(line + b"\n")
        rpc.file.flush()
        e = json.loads(rpc.file.readline())
        assert e["error"]["code"] in (-32700, -32600), (line, e)
    rpc.file.write(b'{"jsonrpc":"2.0","id":"a","method":"no"}\n')
    rpc.file.flush()
    e = json.loads(rpc.file.readline())
    assert e["error"]["code"] == -32601 and e["id"] == "a"
    assert rpc.call("status")["height"] >= 0  # and it still listens
    rpc.close()


def numbers(node):
    """A number that is none is refused, not taken for another one."""
    rpc = node.rpc()
    transfer = {"kind": "transfer", "to": "cd" * 32, "amount": 1}
    for method, params, key in (
            ("tx.submit", dict(transfer, fee=1e6), "fee"),
            ("tx.submit", dict(transfer, fee=-1), "fee"),
            ("tx.submit", dict(transfer, life="5"), "life"),
            ("tx.submit", dict(transfer, life=0), "life"),
            ("credential.sign", {"type": "auditor", "subject": "cd" * 32,
                                 "days": "30"}, "days"),
            ("ledger.settlement", {"from": "2026-11-01"}, "from"),
            ("ledger.entries", {"to_ms": -1}, "to_ms"),
            ("ledger.history", {"n": 2.5}, "n"),
            ("invite", {"name": "x", "power": 0}, "power"),
            ("invite", {"name": "x", "weight": (1 << 20) + 1}, "weight")):
        try:
            assert False, rpc.call(method, **params)
        except RuntimeError as e:
            assert str(e).startswith(key + ": want a whole number"), e
    rpc.close()


def long_line(node):
    rpc = node.rpc()
    fits = b'{"jsonrpc":"2.0","id":5,"method":"rounds","params":{"x":"'
    fits += b"y" * (65535 - len(fits) - 3) + b'"}}'
    assert len(fits) == 65535
    rpc.file.write(fits + b"\n")
    rpc.file.flush()
    assert json.loads(rpc.file.readline())["id"] == 5
    try:
        rpc.file.write(b"z" * 65536 + b"\n" + b"z" * 65536)
        rpc.file.flush()
        line = rpc.file.readline()
        assert b"65535" in line, line
        assert rpc.file.readline() == b""
    except (BrokenPipeError, ConnectionResetError):
        pass  # closed before we had said it all
    assert node.call("status")["height"] >= 0


def enter(node):
    """A connection that was let in; those that left may still be counted."""
    def attempt():
        rpc = node.rpc()
        try:
            rpc.call("health")
        except (ConnectionError, BrokenPipeError):
            rpc.close()
            return None
        return rpc
    return wait("room at the socket", 20, attempt)


def many(node):
    """The 33rd is told so, and there is room again when one leaves."""
    held = [enter(node) for _ in range(32)]
    refused(node, 1, "too many connections", "status")
    held.pop().close()
    enter(node).close()
    for rpc in held:
        rpc.close()
    for _ in range(500):  # come and go, some without a word
        s = socket.socket(socket.AF_UNIX)
        s.connect(os.path.join(node.home, "qmlnode.sock"))
        try:
            s.send(b'{"jsonrpc":"2.0","id":1,"method":"block",'
                   b'"params":{"height":"head"}}\n')
        except BrokenPipeError:
            pass  # turned away: the ones before have not all gone yet
        s.close()
    enter(node).close()


def slow_reader(node):
    """Requests wait for their answers to be taken; a stream is cut."""
    enter(node).close()
    rss = node.call("status")["counts"]["resident_bytes"]
    rpc = enter(node)
    rpc.call("events")
    rpc.sock.setblocking(False)
    line = b'{"jsonrpc":"2.0","id":9,"method":"rounds","params":{"n":50}}\n'
    sent, left = 0, line * 4000
    try:
        while left:
            k = rpc.sock.send(left)
            sent, left = sent + k, left[k:]
    except BlockingIOError:
        pass
    wait("the daemon to cut the stream", 90,
         lambda: "control.slow_reader" in node.log())
    grown = node.call("status")["counts"]["resident_bytes"] - rss
    with open(program("qmlnode"), "rb") as f:
        text = f.read()
    # A sanitizer keeps freed memory, so it cannot be asked.
    if b"__asan_init" not in text and b"__tsan_init" not in text:
        assert grown < 16 << 20, grown
    print("# requests of %d bytes sent, resident grew by %d kB" % (
        sent, grown // 1000))
    rpc.sock.close()
    # In order, all of them, by one that reads.
    rpc = enter(node)
    for i in range(300):
        rpc.file.write(b'{"jsonrpc":"2.0","id":%d,"method":"%s","params":'
                       b'{"height":1}}\n' % (i, (b"block", b"model")[i & 1]))
    rpc.file.flush()
    for i in range(300):
        v = json.loads(rpc.file.readline())
        assert v["id"] == i and "result" in v, v
    # A half-closed connection still gets what it asked for.
    rpc.file.write(b'{"jsonrpc":"2.0","id":1,"method":"block","params":'
                   b'{"height":1}}\n')
    rpc.file.flush()
    rpc.sock.shutdown(socket.SHUT_WR)
    assert b'"qb1' in rpc.file.readline()
    assert rpc.file.readline() == b""
    rpc.close()


HOLD = """
import socket, sys
held = [socket.socket(socket.AF_UNIX) for _ in range(20)]
good = 0
for s in held:
    s.connect(sys.argv[1])
    try:
        s.send(b'{"jsonrpc":"2.0","id":1,"method":"health"}\\n')
    except OSError:
        pass
    good += b"result" in s.recv(65536)
print("%d of 20" % good, flush=True)
sys.stdin.read()
"""


def roles(c, node):
    if os.geteuid() != 0:
        print("# not root: other users cannot be tried")
        return
    sock = os.path.join(node.home, "qmlnode.sock")
    os.chmod(c.dir, 0o711)
    os.chmod(node.home, 0o711)
    with tempfile.TemporaryDirectory() as d:
        os.chmod(d, 0o755)
        exe = os.path.join(d, "qmlctl")
        run("cp", QMLCTL, exe)

        def as_nobody(groups, code, *words):
            group = ["--clear-groups"] if groups is None else \
                ["--groups", str(groups)]
            return run("setpriv", "--reuid", 65534, "--regid", 65534, *group,
                       exe, "--socket", sock, *words, code=code)
        assert os.stat(sock).st_mode & 0o777 == 0o660
        said(as_nobody(None, 4, "status"), "may not talk to this daemon")
        os.chmod(sock, 0o666)  # as the operator may choose
        said(as_nobody(None, 0, "status"), "^alpha ")
        said(as_nobody(None, 4, "stop"), "you may look but not change")
        assert node.proc.poll() is None
        enter(node).close()
        hold = subprocess.Popen(
            ["setpriv", "--reuid", "65534", "--regid", "65534",
             "--clear-groups", "/usr/bin/python3", "-c", HOLD, sock],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert hold.stdout.readline() == "16 of 20\n"
        said(as_nobody(None, 1, "status"), "too many connections")
        said(ctl(node, "status"), "^alpha ")  # there is room for the owner
        hold.communicate()
        os.chmod(sock, 0o660)
        said(as_nobody(os.stat(sock).st_gid, 0, "stop"), "^stopping")
        assert node.proc.wait(PATIENCE) == 0
        node.proc = None


def stop_while_asked(node):
    """Questions on their way to other threads do not outlive the daemon."""
    for i in range(5):
        node.start()
        rpcs = [node.rpc() for _ in range(8)]
        for rpc in rpcs:
            rpc.sock.sendall(b"".join(
                b'{"jsonrpc":"2.0","id":%d,"method":"%s","params":'
                b'{"height":1,"n":0}}\n' % (k, (b"block", b"model",
                                                b"round")[k % 3])
                for k in range(60)))
        if i & 1:
            rpcs[0].file.readline()
        code = node.stop()
        assert code == 0, (code, node.log()[-500:])
        for rpc in rpcs:
            rpc.close()


def paths(c, node):
    """What may lie where the socket should be."""
    sock = os.path.join(node.home, "qmlnode.sock")
    node.start()
    node.rpc().close()
    node.kill()
    assert os.path.exists(sock)  # a dead one, and it is replaced
    node.start()
    node.rpc().close()
    assert node.stop() == 0 and not os.path.exists(sock)
    with open(sock, "w") as f:
        f.write("precious")
    node.start()
    assert node.proc.wait(PATIENCE) == 78, node.log()[-500:]
    node.proc = None
    assert "something else than a socket" in node.log()
    with open(sock) as f:
        assert f.read() == "precious"
    os.unlink(sock)
    with socket.socket(socket.AF_UNIX) as s:
        s.bind(sock)
        s.listen(1)
        node.start()
        assert node.proc.wait(PATIENCE) == 75, node.log()[-500:]
        node.proc = None
        assert "another daemon answers" in node.log()
    os.unlink(sock)
    node.configure("#socket: qmlnode.sock", "socket: " + "d" * 120)
    node.start()
    assert node.proc.wait(PATIENCE) == 78, node.log()[-500:]
    node.proc = None
    assert "107 bytes" in node.log()


def main():
    tap = Tap()
    with Consortium(rounds=100000, data=IRIS, collect=PATIENT) as c:
        tap.run("no daemon: exit 3, and how to start it",
                lambda: nobody_there(c))
        tap.run("a daemon that is silent: exit 6", lambda: silent_daemon(c))
        tap.run("usage: exit 2, the nearest word", lambda: usage(c))
        c.start()
        c.wait_height(12)
        wait("all links", 20, lambda: all(
            n.call("status")["connected"] == 4 for n in c.nodes))
        for name, test in (
                ("status", status), ("peers, members, rounds, health", lists),
                ("round and block, the same everywhere", one_round),
                ("model show and export", model), ("events", events),
                ("without a quorum: why, health 7, stop", trouble),
                ("rounds after a restart", after_restart)):
            tap.run(name, lambda test=test: test(c))
    with Consortium(1, rounds=100000, data=IRIS) as c:
        node = c.nodes[0]
        node.start()
        c.wait_height(50)

        def note():
            assert ask(node)["note"] == "tolerates 0 faulty members"
            said(ctl(node), "tolerates 0 faulty members")
        tap.run("below four members it says so", note)
        tap.run("garbage is answered", lambda: garbage(node))
        tap.run("numbers that are none are refused", lambda: numbers(node))
        tap.run("a line has an end", lambda: long_line(node))
        tap.run("many connections", lambda: many(node))
        tap.run("slow readers", lambda: slow_reader(node))
        tap.run("who may do what", lambda: roles(c, node))
        node.stop()
        tap.run("stopped while asked", lambda: stop_while_asked(node))
        tap.run("what lies in the socket's place", lambda: paths(c, node))
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
