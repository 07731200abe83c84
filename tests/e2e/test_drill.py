#!/usr/bin/env python3
"""Drills against live daemons, the sweep, and the pictures of reports.

An update that comes too late on a busy machine changes a federation's numbers;
where two runs are compared bit by bit, only those rounds count in which
everybody took part, and the margins elsewhere are wide.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as xml

from consortium import PATIENCE, ROOT, Tap, program, run, wait

SVG = "{http://www.w3.org/2000/svg}"
TMP = tempfile.mkdtemp(prefix="qml-drill-")
ENV = dict(os.environ, TMPDIR=TMP)


def demo(*args, code=0):
    p = subprocess.run([program("qmlnode"), "demo", "--json", *map(str, args)],
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                       text=True, timeout=600, env=ENV, check=False)
    assert p.returncode == code, (args, p.returncode, p.stderr)
    return json.loads(p.stdout.splitlines()[-1]) if code == 0 else p.stderr


def words(path):
    """The texts of a picture; it is well-formed and stands alone."""
    root = xml.parse(path).getroot()
    assert root.tag == SVG + "svg", root.tag
    names = {e.tag for e in root.iter()}
    assert names <= {SVG + n for n in (
        "svg", "title", "desc", "rect", "text", "line", "circle",
        "polyline")}, names
    with open(path) as f:
        outside = re.findall(r"(?:href|url|src)[ =(]", f.read())
    assert outside == [], outside
    assert root.find(SVG + "title").text and root.find(SVG + "desc").text
    return [e.text for e in root.iter(SVG + "text")]


def alie_breaks_the_mean_only():
    v = demo("--attack", "alie", "--rounds", 10)
    honest, mean, default = v["runs"]
    print("# %s" % json.dumps(v))
    assert all(r["agreed"] for r in v["runs"]), v
    assert not honest["attacked"] and mean["attacked"], v
    assert default["attacked"] and "arc+nnm+trimmed_mean" in default["rule"], v
    assert mean["rule"].startswith("mean,"), v
    assert honest["heldout_accuracy"] > 0.9, v
    assert mean["heldout_accuracy"] < honest["heldout_accuracy"] - 0.3, v
    assert default["heldout_accuracy"] > honest["heldout_accuracy"] - 0.06, v


def a_lie_about_the_count_gains_nothing():
    v = demo("--attack", "lie-about-count", "--rule", "mean", "--rounds", 4,
             "--data", os.path.join(ROOT, "tests/data/datasets/iris.csv"))
    honest, attacked = v["runs"]
    assert honest["heldout_accuracy"] == attacked["heldout_accuracy"], v


def label_flip_and_two_liars_of_seven():
    v = demo("--attack", "label-flip", "--rule", "krum", "--rounds", 3,
             "--nodes", 7, "--attackers", 2)
    assert v["nodes"] == 7 and v["attackers"] == 2, v
    assert "krum, f = 2" in v["runs"][1]["rule"], v
    assert v["runs"][1]["heldout_accuracy"] > 0.6, v


def sweep_is_what_daemons_would_do():
    """A cell of the sweep and a live drill end with the same accuracy."""
    picture = os.path.join(TMP, "rules.svg")
    v = demo("--sweep", "--rounds", 3, "-o", picture, "--momentum", 0.5)
    assert v["members"] == 4 and v["liars"] == 1 and v["f"] == 1, v
    assert len(v["rules"]) == 13 and len(v["attacks"]) == 7, v
    cell = {(r, a): v["accuracy"][i][k] for i, r in enumerate(v["rules"])
            for k, a in enumerate(v["attacks"])}
    live = demo("--attack", "sign-flip", "--rule", "median", "--rounds", 3,
                "--momentum", 0.5)
    for run_, attack in zip(live["runs"], ("none", "sign-flip")):
        assert abs(run_["heldout_accuracy"] - cell["median", attack]) < 1e-6, (
            run_, cell["median", attack])
    seen = words(picture)
    for rule, row in zip(v["rules"], v["accuracy"]):
        assert rule in seen, (rule, seen)
        for x in row + [min(row)]:
            assert "%.2f" % (100 * x) in seen, (x, seen)
    assert all(a in seen for a in v["attacks"]) and "worst case" in seen, seen
    kept = os.path.join(TMP, "sweep.json")
    with open(kept, "w") as f:
        json.dump(v, f)
    again = os.path.join(TMP, "again.svg")
    run(program("qmlctl"), "plot", "rules", kept, "-o", again)
    with open(picture) as a, open(again) as b:
        assert a.read() == b.read()


def live_pictures():
    home = os.path.join(TMP, "kept")
    demo("--rounds", 3, "--home", home)
    alpha = os.path.join(home, "alpha")
    log = open(os.path.join(TMP, "log"), "w")
    node = subprocess.Popen([program("qmlnode"), "run", "--home", alpha],
                            stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def ctl(*args, code=0):
        return run(program("qmlctl"), "--home", alpha, *args, code=code)
    try:
        wait("the socket", 20, lambda: ctl("status", code=None).returncode
             == 0)
        loss = os.path.join(TMP, "loss.svg")
        ctl("plot", "loss", "-o", loss)
        rounds = json.loads(ctl("rounds", "--json").stdout)["rounds"]
        last = "last %.4g" % rounds[-1]["loss_after"]
        seen = words(loss)
        assert last in seen and "round" in seen, (last, seen)
        assert "main, training" in seen, seen
        curve = xml.parse(loss).getroot().find(SVG + "polyline")
        assert len(curve.get("points").split()) == len(rounds), rounds
        heldout = os.path.join(home, "rows", "heldout.csv")
        table = os.path.join(TMP, "confusion.svg")
        ctl("plot", "confusion", heldout, "-o", table)
        model = os.path.join(TMP, "model.json")
        ctl("model", "export", "-o", model)
        score = json.loads(run(
            program("qmltrain"), "score", "--federation",
            os.path.join(alpha, "federation.yaml"), "--data", heldout,
            "--model", model, "--json").stdout)
        seen = words(table)
        cells = [t for t in seen if re.fullmatch(r"\d+", t)]
        want = [str(n) for row in score["confusion"] for n in row]
        # The classes of digits are numbers too: names of rows and columns.
        names = [str(n) for n in range(10)] * 2
        assert sorted(cells) == sorted(want + names), (cells, want)
        ctl("plot", "loss", code=2)
        ctl("plot", "pie", "-o", loss, code=2)
        ctl("plot", "confusion", "-o", table, code=2)
        ctl("plot", "rules", model, "-o", table, code=1)
    finally:
        node.terminate()
        node.wait(PATIENCE)
        log.close()
    shutil.rmtree(home)


def not_in_other_federations():
    """The drill's trainer serves a demo only, unless told otherwise."""
    home = os.path.join(TMP, "other")
    demo("--rounds", 1, "--nodes", 2, "--home", home, "--data",
         os.path.join(ROOT, "tests/data/datasets/iris.csv"))
    node = os.path.join(home, "beta")
    with open(os.path.join(home, "honest"), "w") as f:
        f.write("alpha %s\n" % os.path.join(home, "rows", "node0.csv"))
    yaml = os.path.join(node, "qmlnode.yaml")
    with open(yaml) as f:
        text = f.read()
    command = [program("qmltrain"), "drill", "--attack", "sign-flip",
               "--members", os.path.join(home, "honest")]

    def check(name, extra):
        with open(os.path.join(home, "federation.yaml")) as f:
            federation = f.read()
        mine = os.path.join(TMP, "mine.yaml")
        with open(mine, "w") as f:
            f.write(federation.replace("name: demo", "name: " + name))
        other = os.path.join(TMP, "home")
        shutil.copytree(node, other)
        for part in ("federation.yaml", "chain", "pool", "index.db"):
            path = os.path.join(other, part)
            if os.path.isdir(path):
                shutil.rmtree(path)
            elif os.path.exists(path):
                os.remove(path)
        with open(os.path.join(other, "qmlnode.yaml"), "w") as f:
            f.write(re.sub(r"(?m)^  #command: \[\]\n  # threads",
                           "  command: %s\n  confine: false\n  # threads"
                           % json.dumps(command + extra), text))
        run(program("qmlnode"), "join", mine, "--home", other)
        p = run(program("qmlnode"), "check", "--home", other, code=None)
        shutil.rmtree(other)
        return p.stdout + p.stderr
    refusal = "not a demo; a drill in it needs --any-federation"
    assert refusal in check("trial", []), check("trial", [])
    assert refusal not in check("trial", ["--any-federation"])
    assert refusal not in check("demo", [])
    shutil.rmtree(home)


def refused():
    for args, want in (
            (("--attack", "mimic"), "--attack: want sign-flip"),
            (("--attack", "ipm", "--attackers", 4), "want 1 to 3, got 4"),
            (("--attack", "ipm", "--rule", "bulyan"), 'no "bulyan"'),
            (("--momentum", "1"), "--momentum: want 0 to below 1"),
            (("--sweep", "--rule", "krum"), "do not go with it"),
            (("--tau", 3), "--tau belongs to --attack"),
            (("-o", "x.svg"), "-o belongs to --sweep")):
        told = demo(*args, code=2)
        assert want in told, (args, told)
    assert os.listdir(TMP).count("x.svg") == 0


def nothing_left():
    left = [n for n in os.listdir(TMP) if n.startswith("qmlnode-demo")]
    assert left == [], left


def main():
    tap = Tap()
    try:
        for case in (alie_breaks_the_mean_only,
                     a_lie_about_the_count_gains_nothing,
                     label_flip_and_two_liars_of_seven,
                     sweep_is_what_daemons_would_do, live_pictures,
                     not_in_other_federations, refused, nothing_left):
            tap.run(case.__name__.replace("_", " "), case)
    finally:
        shutil.rmtree(TMP, ignore_errors=True)
    return tap.done()


if __name__ == "__main__":
    os.chdir(ROOT)
    sys.exit(main())
