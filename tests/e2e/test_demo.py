#!/usr/bin/env python3
"""qmlnode demo: what it claims, its options, what it keeps, one seed twice.

No assertion is about time. An update that came too late on a busy machine is
no fault: what is compared between two runs ends where one is missing.
"""

import glob
import json
import os
import pty
import re
import select
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile

from consortium import PATIENCE, ROOT, Tap, program, run, wait

KEYS = ["nodes", "rounds", "committed_rounds", "heldout_accuracy", "majority",
        "best_node_alone", "logistic", "control", "heads_equal",
        "models_equal", "audit",
        "blocks", "wall_s"]
LINE = re.compile(r"^ +(\d+) +[0-9.]+ +[0-9.]+ %   (\d+) of (\d+) +[0-9.]+ s")
LONG = bool(os.environ.get("QML_TEST_LONG"))
TMP = tempfile.mkdtemp(prefix="qml-demo-")


def data(name):
    return os.path.join(ROOT, "tests/data/datasets", name + ".csv")


def demo(*args, code=0):
    """The JSON object, and what was told to a person."""
    env = dict(os.environ, TMPDIR=TMP)
    p = subprocess.run([program("qmlnode"), "demo", "--json", *map(str, args)],
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                       text=True, timeout=600, env=env, check=False)
    assert p.returncode == code, (args, p.returncode, p.stderr)
    if code:
        assert p.stdout == "", p.stdout
        return None, p.stderr
    v = json.loads(p.stdout.splitlines()[-1])
    assert list(v) == KEYS, v
    assert v["heads_equal"] is True and v["models_equal"] is True, v
    assert v["audit"] == "ok" and v["committed_rounds"] == v["rounds"], v
    assert v["blocks"] >= v["rounds"], v
    return v, p.stderr


def small(*args, code=0):
    """Where it does not matter what is learnt."""
    return demo("--data", data("iris"), *args, code=code)


def rounds_shown(text):
    return [m.groups() for m in map(LINE.match, text.splitlines()) if m]


def digits():
    v, told = demo()
    print("# %s" % json.dumps(v))
    assert v["nodes"] == 4 and v["committed_rounds"] == 30, v
    assert v["heldout_accuracy"] >= 0.85, v
    assert v["heldout_accuracy"] >= v["best_node_alone"] + 0.08, v
    assert v["majority"] < 0.2 < v["logistic"], v
    shown = rounds_shown(told)
    assert [int(s[0]) for s in shown] == list(range(30)), told
    assert "%6.2f %%" % (100 * v["heldout_accuracy"]) in told, told


def temporary_home_is_gone():
    assert os.listdir(TMP) == [], os.listdir(TMP)


def iid():
    v, told = demo("--split", "iid", "--rounds", 3)
    assert "iid split" in told, told
    # Every node sees every class, so alone it is no worse than under skew.
    skewed, _ = demo("--rounds", 1)
    assert v["best_node_alone"] > skewed["best_node_alone"], (v, skewed)


def sizes(n):
    # Seven have too few rows of the smallest table.
    v, told = (demo if n > 4 else small)("--nodes", n, "--rounds", 2)
    assert v["nodes"] == n, v
    assert ("tolerates 0 faulty members" in told) == (n < 4), told
    assert all(int(s[2]) == n for s in rounds_shown(told)), told


def tables(name, columns, labels):
    home = os.path.join(TMP, name)
    v, _ = demo("--data", data(name), "--rounds", 3, "--home", home)
    assert v["heldout_accuracy"] > v["majority"], v
    p = run(program("qmlnode"), "federation", "show",
            os.path.join(home, "federation.yaml"))
    assert "%d columns" % columns in p.stdout, p.stdout
    assert "with %d classes" % labels in p.stdout, p.stdout
    shutil.rmtree(home)


def files(top):
    found = {}
    for path in sorted(glob.glob(os.path.join(top, "**"), recursive=True)):
        if os.path.isfile(path):
            with open(path, "rb") as f:
                found[path] = f.read()
    return found


def home_is_kept():
    home = os.path.join(TMP, "kept")
    small("--rounds", 2, "--home", home)
    for name in ("alpha", "beta", "gamma", "delta"):
        run(program("qmlnode"), "audit", os.path.join(home, name))
    before = files(home)
    assert len(before) > 20, sorted(before)
    _, told = small("--rounds", 2, "--home", home, code=9)
    assert home in told and "remove it yourself" in told, told
    assert files(home) == before
    shutil.rmtree(home)
    small("--rounds", 1, "--nodes", 1, "--keep")
    kept = os.listdir(TMP)
    assert len(kept) == 1 and "alpha" in os.listdir(
        os.path.join(TMP, kept[0])), kept
    shutil.rmtree(os.path.join(TMP, kept[0]))


def models(home):
    """Per round: how many updates and the model's hash, from the index."""
    db = sqlite3.connect("file:%s?mode=ro" % os.path.join(
        home, "alpha", "index.db"), uri=True)
    rows = db.execute(
        "SELECT r.round, r.updates, b.model FROM rounds r JOIN blocks b "
        "ON b.height = r.height ORDER BY r.round").fetchall()
    db.close()
    p = run(program("qmlnode"), "audit", os.path.join(home, "alpha"), "--json")
    audited = json.loads(p.stdout)
    assert audited["model"] == rows[-1][2], "the index has another model"
    return rows


def one_seed():
    n = 12 if LONG else 6
    found = []
    for name, seed in (("a", 5), ("b", 5), ("c", 6)):
        home = os.path.join(TMP, name)
        small("--rounds", n, "--seed", seed, "--home", home)
        found.append(models(home))
        assert len(found[-1]) == n, found[-1]
        assert len({m for _, _, m in found[-1]}) == n, "a model twice"
        shutil.rmtree(home)
    same = 0
    for a, b, c in zip(*found):
        if a[1] != 4 or b[1] != 4:
            print("# an update was late in round %d" % a[0])
            break
        assert a == b, (a, b)
        assert a[2] != c[2], "another seed, the same model"
        same += 1
    print("# %d rounds compared" % same)
    assert same > 0, "an update was late in the first round: nothing compared"


def plain_without_a_terminal():
    env = dict(os.environ, TMPDIR=TMP, LC_ALL="C.UTF-8")
    p = subprocess.run([program("qmlnode"), "demo", "--rounds", "2",
                        "--data", data("iris")],
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env,
                       timeout=600, check=False)
    assert p.returncode == 0 and p.stderr == b"", p.stderr
    assert len(rounds_shown(p.stdout.decode("ascii"))) == 2, p.stdout
    assert all(32 <= c < 127 or c == 10 for c in p.stdout), p.stdout


def bars_on_a_terminal():
    parent, child = pty.openpty()
    env = dict(os.environ, TMPDIR=TMP, LC_ALL="C.UTF-8")
    p = subprocess.Popen([program("qmlnode"), "demo", "--rounds", "1",
                          "--data", data("iris")],
                         stdin=subprocess.DEVNULL, stdout=child, env=env)
    os.close(child)
    seen = b""
    while select.select([parent], [], [], PATIENCE)[0]:
        try:
            part = os.read(parent, 65536)
        except OSError:  # the other end is closed
            break
        seen += part
    os.close(parent)
    assert p.wait(PATIENCE) == 0, seen
    assert "\u2588" in seen.decode(), seen


def daemons(pid):
    """Its children that are qmlnode run; others come and go meanwhile."""
    found = []
    with open("/proc/%d/task/%d/children" % (pid, pid)) as f:
        for child in f.read().split():
            try:
                with open("/proc/%s/cmdline" % child, "rb") as c:
                    if b"run" in c.read().split(b"\0"):
                        found.append(int(child))
            except OSError:
                pass
    return found


def text(path):
    try:
        with open(path) as f:
            return f.read()
    except FileNotFoundError:
        return ""


def interrupted():
    """SIGTERM to the demo ends its daemons too."""
    home = os.path.join(TMP, "cut")
    p = subprocess.Popen([program("qmlnode"), "demo", "--rounds", "10000",
                          "--home", home], stdin=subprocess.DEVNULL,
                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


    def four():
        pids = daemons(p.pid)
        return pids if len(pids) == 4 else None
    try:
        pids = wait("four daemons", 60, four)
        wait("a block", 60, lambda: "block.commit" in text(
            os.path.join(home, "alpha", "log")))
    finally:
        p.send_signal(signal.SIGTERM)
        p.wait(PATIENCE)
    wait("daemons gone", 30, lambda: not any(
        b"qmlnode" in text("/proc/%d/cmdline" % c).encode() for c in pids))
    run(program("qmlnode"), "audit", os.path.join(home, "alpha"))
    shutil.rmtree(home)


def refused():
    for args, want in ((("--nodes", "0"), "--nodes: want 1 to 16, got 0"),
                       (("--nodes", "four"), "--nodes: want 1 to 16"),
                       (("--rounds", "-1"), "--rounds: want 1 to 10000"),
                       (("--seed", "x"), "--seed: want a whole number"),
                       (("--split", "odd"), "want iid or label-skew"),
                       (("--node", "4"), "--node")):
        _, told = demo(*args, code=2)
        assert want in told, told
    temporary_home_is_gone()
    _, told = demo("--data", os.path.join(TMP, "none.csv"), code=1)
    assert "none.csv" in told, told


def main():
    tap = Tap()
    try:
        tap.run("the digits: accuracy, margin, agreement, audit", digits)
        tap.run("a temporary home is removed", temporary_home_is_gone)
        tap.run("--split iid", iid)
        for n in (1, 2, 3, 7):
            tap.run("--nodes %d" % n, lambda n=n: sizes(n))
        for args in (("iris", 4, 3), ("wine", 13, 3), ("breast_cancer", 30, 2)):
            tap.run("--data %s.csv" % args[0], lambda a=args: tables(*a))
        tap.run("--home and --keep keep, nothing is overwritten", home_is_kept)
        tap.run("one seed: the same model after every round", one_seed)
        tap.run("no terminal: plain lines of ASCII", plain_without_a_terminal)
        tap.run("a terminal: bars", bars_on_a_terminal)
        tap.run("SIGTERM ends the daemons too", interrupted)
        tap.run("what it does not take", refused)
    finally:
        shutil.rmtree(TMP, ignore_errors=True)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
