#!/usr/bin/env python3
"""Every kind of circuit, and numbers instead of classes, by four real daemons:
learnt, agreed on, scored, predicted and replayed.
"""

import json
import os
import re
import sys

from consortium import PATIENT, ROOT, Consortium, Tap, program, run
from test_tasks import DATA, SEED, finish, replayed, rounds, score, with_job

JOB = {"task": "vqc", "rounds": 6, "seed": SEED, "rate": 0.08,
       "rate_last": 0.05, "steps": 15, "batch": 32, "worker_momentum": 0.5}
CIRCUIT = """
OPENQASM 3.0;
include "stdgates.inc";
input float x0; input float x1; input float x2; input float x3;
input float a; input float b; input float c; input float d;
qubit[4] q;
ry(pi * x0) q[0]; ry(pi * x1) q[1]; ry(pi * x2) q[2]; ry(pi * x3) q[3];
cx q[0], q[1]; cx q[2], q[3]; rx(a) q[0]; ry(b) q[1]; crx(c) q[1], q[2];
ry(d) q[3]; cx q[3], q[0];
"""


def angles_of(c):
    """As a founder learns them: the check says what the circuit has."""
    p = run(program("qmlnode"), "check", "--home", c.nodes[0].home, code=None)
    found = re.search(r"this circuit has (\d+) angles", p.stdout + p.stderr)
    assert p.returncode != 0 and found, p.stdout + p.stderr
    return int(found.group(1))


def learnt(job, accuracy):
    job = dict(JOB, **job)
    data = os.path.join(DATA, "datasets/iris.csv")
    if "angles" not in job:
        with Consortium(4, data=data, edit=with_job(
                {"job": dict(job, angles=1)})) as c:
            job["angles"] = angles_of(c)
    with Consortium(4, data=data, edit=with_job({"job": job}),
                    collect=PATIENT) as c:
        finish(c)
        s = score(c)
        print("# %d angles, accuracy %.3f" % (job["angles"], s["accuracy"]))
        assert s["accuracy"] >= accuracy, s
        assert all(x["updates"] == 4 for x in rounds(c)), rounds(c)
        assert c.stop() == [0] * 4
        replayed(c, 1, 2)


def tree():
    learnt({"encoding": "angle", "qubits": 4, "ansatz": "tree",
            "layers": 1}, 0.6)


def convolutional():
    learnt({"encoding": "angle", "qubits": 4, "ansatz": "convolutional",
            "layers": 1}, 0.6)


def reupload():
    learnt({"encoding": "reupload", "qubits": 2, "layers": 4, "scales": 16,
            "angles": 40}, 0.6)


def own_circuit():
    learnt({"encoding": "own", "qubits": 4, "ansatz": "circuit", "layers": 0,
            "angles": 4, "circuit": CIRCUIT}, 0.6)


def write_rows(path, first, n):
    with open(path, "w") as f:
        f.write("x,y,target\n")
        for i in range(first, first + n):
            x, y = (i * 37 % 101) / 100, (i * 53 % 97) / 96
            f.write("%.3f,%.3f,%.4f\n" % (
                x, y, 10 + 4 * x * (1 - x) * 3 + 4 * y))


def numbers(text):
    head, rest = text.split("\nschema:\n", 1)
    return head + """
schema:
  label: target
  label_range: [10, 20]
  columns:
    - {name: x, range: [0, 1]}
    - {name: y, range: [0, 1]}
""" + with_job({"job": dict(
        JOB, encoding="angle", qubits=2, layers=4, uploads=2, rounds=40, loss="squared",
        validation=0.2), "control": {"task": "linear", "loss": "squared"}})(
            rest[rest.index("\ntiming:"):])


def regression():
    with Consortium(4, data=os.path.join(DATA, "datasets/iris.csv"),
                    edit=numbers, collect=PATIENT) as c:
        rows = os.path.join(c.dir, "rows")
        for i in range(4):
            write_rows(os.path.join(rows, "node%d.csv" % i), 60 * i, 60)
        write_rows(os.path.join(rows, "heldout.csv"), 300, 50)
        finish(c)
        s, r = score(c), rounds(c)
        print("# %s" % json.dumps(s))
        assert s["rmse"] < 0.6 * s["rmse_of_mean"], s
        assert r[-1]["valid_loss"] < r[0]["valid_loss"], (r[0], r[-1])
        truth, bare = [], os.path.join(c.dir, "bare.csv")
        with open(os.path.join(rows, "heldout.csv")) as f, \
                open(bare, "w") as out:
            for line in f:
                left, last = line.rstrip("\n").rsplit(",", 1)
                out.write(left + "\n")
                truth.append(last)
        p = run(program("qmltrain"), "predict", "--federation", c.file,
                "--data", bare, "--model", os.path.join(c.dir, "model.json"))
        said = [x.split(",")[1] for x in p.stdout.splitlines()]
        assert said[0] == "target" and len(said) == len(truth), said
        err = sum((float(a) - float(b)) ** 2
                  for a, b in zip(said[1:], truth[1:])) / (len(truth) - 1)
        assert abs(err ** 0.5 - s["rmse"]) < 1e-3, (err ** 0.5, s)
        assert c.stop() == [0] * 4
        replayed(c, 2, 3)


def energy_beside_exact():
    with open(os.path.join(DATA, "vqe/h2_0.735_parity_2q.txt")) as f:
        text = "".join(x for x in f if not x.startswith("#"))
    with Consortium(4, data=os.path.join(DATA, "datasets/iris.csv"),
                    edit=with_job({"job": {
                        "task": "vqe", "rounds": 5, "seed": SEED,
                        "qubits": 2, "ansatz": "hardware_efficient",
                        "layers": 1, "angles": 8, "parts": 3, "rate": 0.6,
                        "rate_last": 0.6, "optimiser": "sgd", "steps": 1,
                        "start": "normal", "init": 1, "bound": 100,
                        "input": text}}, schema=False),
                    collect=PATIENT) as c:
        finish(c)
        said = run(program("qmlctl"), "model", "show", "--home",
                   c.nodes[0].home).stdout
        assert "qmltrain score" in said, said
        path = os.path.join(c.dir, "model.json")
        with open(path, "w") as f:
            json.dump(c.nodes[0].call("model"), f)
        p = run(program("qmltrain"), "score", "--federation", c.file,
                "--model", path, "--json")
        s = json.loads(p.stdout)
        assert abs(s["exact"] + 1.137306036) < 1e-8, s
        assert s["exact"] < s["energy"], s
        assert s["energy"] < rounds(c)[-1]["energy"] + 1e-6, (s, rounds(c))
        p = run(program("qmltrain"), "score", "--federation", c.file,
                "--model", path)
        assert re.search(r"exact +-1\.13730603", p.stdout), p.stdout


def main():
    tap = Tap()
    for test in (tree, convolutional, reupload, own_circuit, regression,
                 energy_beside_exact):
        if len(sys.argv) < 2 or sys.argv[1] in test.__name__:
            tap.run(test.__name__.replace("_", " "), test)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
