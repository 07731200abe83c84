#!/usr/bin/env python3
"""The short form of scripts/bench-mnist: seven daemons, pictures from IDX, a
few rounds; twice the same bits. Without QML_DATA_DIR there are no pictures,
and it says so."""

import json
import os
import subprocess
import sys
import tempfile

from consortium import BUILD, ROOT, Tap

DATA = os.environ.get("QML_DATA_DIR", "")
BENCH = os.path.join(ROOT, "scripts/bench-mnist")


def bench(*args, env=None, code=0):
    p = subprocess.run([sys.executable, BENCH] + list(args), text=True,
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                       timeout=1200, check=False,
                       env=dict(os.environ, QML_BUILD=BUILD, **(env or {})))
    assert p.returncode == code, (p.returncode, p.stdout, p.stderr)
    return p.stdout + p.stderr


def short():
    runs = []
    for _ in range(2):
        with tempfile.NamedTemporaryFile(suffix=".json") as f:
            said = bench("--short", "-o", f.name)
            runs.append(json.load(open(f.name))[0])
    assert "its accuracy says nothing" in said, said
    assert "| 4 | 91.69 +- 0.43 |" in said, said
    a, b = runs
    assert (a["accuracy"], a["loss"]) == (b["accuracy"], b["loss"]), runs
    assert a["rounds"] == 4 and a["bytes"] > 0 and a["wall_s"] > 0, a
    # Better than one class of eight by chance, before any real training.
    assert a["accuracy"] > 15, a


def skipped():
    said = bench("--short", env={"QML_DATA_DIR": "/no/such"})
    assert "skipped: QML_DATA_DIR" in said, said


def words():
    assert "usage: scripts/bench-mnist" in bench("--help")
    assert "is not known" in bench("--speed", "9", code=1)
    assert "--attackers wants --attack" in bench("--attackers", "2", code=1)


def main():
    tap = Tap()
    tap.run("what it does not know", words)
    tap.run("without data it says so", skipped)
    if os.path.isdir(os.path.join(DATA, "mnist")):
        tap.run("seven daemons, the same twice", short)
    else:
        tap.n += 1
        print("ok %d - seven daemons # SKIP QML_DATA_DIR is not set" % tap.n)
    return tap.done()


sys.exit(main())
