#!/usr/bin/env python3
"""A trained model as OpenQASM: other simulators must find what we predict.

`qmltrain export` writes circuit and head; qmlsim runs the circuit with a row's
features and the head's sums must choose the label of `qmltrain predict`.
scripts/check-qasm-peers does the same with Qiskit and PennyLane.
"""
import csv
import json
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
BUILD = os.environ.get("QML_BUILD", os.path.join(ROOT, "build"))
ROWS = (1, 40, 75, 103, 150)


def run(name, *words, code=0):
    p = subprocess.run([os.path.join(BUILD, name)] + [str(w) for w in words],
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                       universal_newlines=True)
    assert p.returncode == code, (name, words, p.returncode, p.stderr)
    return p.stdout + (p.stderr if code else "")


def observables(text):
    """The names in the comment of the head."""
    line = re.search(r'^// score .*$', text, re.M).group(0)
    return re.findall(r"<([^>]*)>", line)


def winner(text, values):
    """The label that the comment's sums choose."""
    scores = {}
    for label, rest in re.findall(r'^// score "(.*)" = (.*)$', text, re.M):
        parts = re.match(r"(\S+)((?: \S+ <[^>]*>)*)$", rest)
        score = float(parts.group(1))
        for w, name in re.findall(r"(\S+) <([^>]*)>", parts.group(2)):
            score += float(w) * values[name]
        scores[label] = score
    return max(scores, key=lambda k: scores[k])


def values_of(path, names, sets=()):
    words = [w for n in names for w in ("--expval", n)]
    words += [w for k, v in sets for w in ("--set", "%s=%r" % (k, v))]
    out = json.loads(run("qmlsim", "run", path, "--json", *words))
    return dict(zip(names, out["expval"]))


def scaled(text, row):
    """Features by the comment's formulas."""
    form = r'^// (x_\d+) = \(column "(.*)" - (\S+)\) / \((\S+) - \S+\)$'
    return [(x, (float(row[c]) - float(lo)) / (float(hi) - float(lo)))
            for x, c, lo, hi in re.findall(form, text, re.M)]


class Case:
    def __init__(self, where, federation, data):
        self.federation, self.data = federation, data
        self.model = os.path.join(where, "model.bin")
        self.path = os.path.join(where, "model.qasm")
        run("qmltrain", "train", "--federation", federation, "--data", data,
            "--rounds", "2", "--out", self.model)
        out = run("qmltrain", "predict", "--federation", federation, "--data",
                  data, "--model", self.model)
        self.labels = [r[1] for r in csv.reader(out.splitlines())][1:]
        with open(data, newline="") as f:
            self.rows = list(csv.DictReader(f))

    def export(self, *words, code=0):
        text = run("qmltrain", "export", "--federation", self.federation,
                   "--model", self.model, *words, code=code)
        if code == 0:
            with open(self.path, "w") as f:
                f.write(text)
        return text

    def check_rows(self):
        """Both dialects with a row put in say what the trainer says."""
        for n in ROWS:
            both = []
            for form in ("qasm3", "qasm2"):
                text = self.export("--format", form, "--data", self.data,
                                   "--row", n)
                v = values_of(self.path, observables(text))
                assert winner(text, v) == self.labels[n - 1], (n, form)
                both.append(v)
            assert both[0] == both[1]

    def check_names(self):
        """x_i as inputs, and theta_i with --symbolic."""
        n = ROWS[2]
        text = self.export()
        names = observables(text)
        sets = scaled(text, self.rows[n - 1])
        assert len(sets) == 4
        bound = values_of(self.path, names, sets)
        assert winner(text, bound) == self.labels[n - 1]
        theta = json.loads(self.export("--format", "json"))["theta"]
        symbols = self.export("--symbolic")
        assert symbols.count("input float[64] theta_") == len(theta)
        sets += [("theta_%d" % i, t) for i, t in enumerate(theta)]
        v = values_of(self.path, names, sets)
        assert max(abs(v[k] - bound[k]) for k in names) < 1e-13

    def check_json(self):
        o = json.loads(self.export("--format", "json", "--data", self.data,
                                   "--row", 1))
        assert o["schema"] == "qml.circuit/1" and o["encoded"]
        c = o["circuit"]
        assert c["qubits"] == 4 and c["inputs"] == []
        assert len(o["head"]["observables"]) == 10
        assert all(len(k["weights"]) == 10 for k in o["head"]["classes"])
        text = self.export("--data", self.data, "--row", 1)
        v = values_of(self.path, o["head"]["observables"])
        scores = [k["bias"] + o["head"]["scale"] * sum(
            w * v[name] for w, name in zip(k["weights"],
                                           o["head"]["observables"]))
            for k in o["head"]["classes"]]
        best = o["head"]["classes"][scores.index(max(scores))]["label"]
        assert best == winner(text, v) == self.labels[0]

    def check_refusals(self):
        for words, code, what in (
                (("--format", "qasm"), 2, "want qasm3, qasm2 or json"),
                (("--format", "qasm2", "--symbolic"), 2, "has no symbols"),
                (("--row", "1"), 2, "come together"),
                (("--data", self.data, "--row", "0"), 2, "--row"),
                (("--data", self.data, "--row", "9999"), 5, "rows")):
            text = self.export(*words, code=code)
            assert what in text, text


def amplitudes(where):
    """64 columns are 6 qubits' amplitudes."""
    fed = os.path.join(ROOT, "tests/data/trainer/digits.yaml")
    where = os.path.join(where, "digits")
    os.mkdir(where)
    case = Case(where, fed,
                os.path.join(ROOT, "tests/data/datasets/digits.csv"))
    case.check_rows()
    text = case.export("--format", "qasm2")
    assert "the register starts in amplitudes" in text
    assert "ry(" in text and "input" not in text


def main():
    iris = os.path.join(ROOT, "tests/data/datasets/iris.csv")
    fed = os.path.join(ROOT, "tests/data/trainer/iris.yaml")
    print("1..5")
    with tempfile.TemporaryDirectory() as where:
        case = Case(where, fed, iris)
        for i, (name, check) in enumerate((
                ("rows put in", case.check_rows),
                ("features and angles as inputs", case.check_names),
                ("JSON with the head", case.check_json),
                ("refusals", case.check_refusals),
                ("amplitudes", lambda: amplitudes(where))), 1):
            check()
            print("ok %d - %s" % (i, name))
    return 0


if __name__ == "__main__":
    sys.exit(main())
