#!/usr/bin/env python3
"""Where rows come from, and who may see them: a node whose data are what a
command prints, one with an array, one whose command fails; qmlctl data check
and model predict, which become the trainer."""

import json
import os
import struct
import sys

from consortium import Consortium, DIGITS, Tap, program, run, wait


def to_npy(path, out):
    """The rows of a CSV as a .npy of doubles, the label last."""
    with open(path) as f:
        rows = [line.split(",") for line in f.read().split("\n")[1:] if line]
    head = "{'descr': '<f8', 'fortran_order': False, 'shape': (%d, %d), }" % (
        len(rows), len(rows[0]))
    head += " " * (117 - len(head)) + "\n"
    with open(out, "wb") as f:
        f.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) +
                head.encode())
        for r in rows:
            f.write(struct.pack("<%dd" % len(r), *map(float, r)))


def set_data(node, line):
    """In place of data.file."""
    path = os.path.join(node.home, "qmlnode.yaml")
    with open(path) as f:
        lines = f.read().split("\n")
    with open(path, "w") as f:
        f.write("\n".join("  " + line if old.startswith("  file:") else old
                          for old in lines))


def trainer(node):
    return node.call("status")["trainer"]


def main():
    tap = Tap()
    with Consortium(4, rounds=1000) as c:
        alpha, beta, gamma, delta = c.nodes
        rows = [os.path.join(c.dir, "rows", "node%d.csv" % i)
                for i in range(4)]
        want = sum(1 for _ in open(rows[0])) - 1
        to_npy(rows[1], os.path.join(c.dir, "beta.npy"))
        set_data(alpha, "command: [cat, %s]" % rows[0])
        set_data(beta, "file: ../beta.npy")
        set_data(gamma, 'command: [sh, -c, "echo the table is locked >&2; '
                 'exit 9"]')
        c.start()

        def command():
            wait("alpha trains", 60, lambda: alpha.height() >= 2)
            wait("alpha's rows", 60, lambda: trainer(alpha)["rows"] == want)
            assert trainer(alpha)["confined"], trainer(alpha)

        def array():
            n = sum(1 for _ in open(rows[1])) - 1
            wait("beta's rows", 60, lambda: trainer(beta)["rows"] == n)

        def failing():
            t = wait("gamma is refused", 60,
                     lambda: trainer(gamma)["state"] == "refused" and
                     trainer(gamma))
            assert "sh: the data command ended with status 9: the table is " \
                "locked" in t["problem"], t
            h = gamma.height()
            wait("gamma follows", 60, lambda: gamma.height() > h)

        def check():
            p = run(program("qmlctl"), "--home", alpha.home, "data", "check")
            assert "The data fit the federation e2e." in p.stdout, p.stdout
            assert "data asset  " in p.stdout, p.stdout
            v = json.loads(run(program("qmlctl"), "data", "check", "--json",
                               "--home", beta.home).stdout)
            assert v["ok"] and v["filled"] == 0 and len(v["asset"]) == 64, v
            assert v["schema"] == "qml.data_check/1", v
            p = run(program("qmlctl"), "--home", delta.home, "data", "check",
                    DIGITS + ".not", code=5)
            assert "cannot be read" in p.stderr, p.stderr
            p = run(program("qmlctl"), "data", "burn", code=2)
            assert "want check" in p.stderr, p.stderr

        def predict():
            p = run(program("qmlctl"), "--home", alpha.home, "model",
                    "predict", rows[3])
            lines = p.stdout.split("\n")
            n = sum(1 for _ in open(rows[3])) - 1
            assert lines[0] == "row,label" and len(lines) == n + 2, lines[:3]
            assert all(l.split(",")[1] in map(str, range(10))
                       for l in lines[1:-1]), lines
            out = os.path.join(c.dir, "said.csv")
            run(program("qmlctl"), "--home", alpha.home, "model", "predict",
                rows[3], "-o", out)
            with open(out) as f:
                assert f.readline() == "row,label\n"
            p = run(program("qmlctl"), "--home", alpha.home, "model",
                    "predict", rows[3], "-o", out, code=1)
            assert "File exists" in p.stderr, p.stderr
            p = run(program("qmlctl"), "--home", alpha.home, "model",
                    "predict", code=2)
            assert "want a file" in p.stderr, p.stderr

        tap.run("rows that a command prints", command)
        tap.run("rows of an array", array)
        tap.run("a command that fails: refused, a validator all the same",
                failing)
        tap.run("qmlctl data check", check)
        tap.run("qmlctl model predict", predict)
    return tap.done()


sys.exit(main())
