#!/usr/bin/env python3
"""qmlsim qsvm and qpca: numbers of numpy and sklearn, and what is refused."""

import json
import os
import subprocess
import tempfile

QMLSIM = os.path.join(os.environ.get("QML_BUILD", "build"), "qmlsim")
DATA = "tests/data/datasets/"
done = failed = 0


def check(name, good, note=""):
    global done, failed
    done += 1
    failed += not good
    print("%s %d - %s" % ("ok" if good else "not ok", done, name), flush=True)
    if not good and note:
        print("# " + str(note).replace("\n", "\n# "))


def sim(*words):
    r = subprocess.run([QMLSIM] + [str(w) for w in words],
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                       text=True)
    return r.returncode, r.stdout, r.stderr


def ask(*words):
    code, out, err = sim(*words, "--json")
    return json.loads(out) if code == 0 else {"error": err}


def records(path):
    """Name -> numbers of a file of tests/data."""
    words = open(path).read().split()
    out, i = {}, 0
    while i < len(words):
        n = int(words[i + 1])
        out[words[i]] = [float(w) for w in words[i + 2:i + 2 + n]]
        i += 2 + n
    return out


def table(path, x, y):
    d = len(x) // len(y)
    with open(path, "w") as f:
        f.write(",".join("f%d" % c for c in range(d)) + ",label\n")
        for i, label in enumerate(y):
            row = x[i * d:(i + 1) * d]
            f.write(",".join(map(repr, row)) + ",%d\n" % label)


def near(a, b, tolerance):
    return abs(a - b) <= tolerance


def machines(tmp):
    train, test = tmp + "/train.csv", tmp + "/test.csv"
    for name in ("iris_1v2_4f_01", "breast_cancer_pca3"):
        r = records("tests/data/qsvm/%s.txt" % name)
        table(train, r["x_train"], r["y_train"])
        table(test, r["x_test"], r["y_test"])
        for kind in ("zz", "z", "ry"):
            got = ask("qsvm", "--map", kind, "--data", train, "--test", test)
            key = kind + ".C10."
            q = got.get("quantum", {"pairs": [{}]})
            good = ("error" not in got and
                    near(q["test_accuracy"], r[key + "test_acc"][0], 1e-6) and
                    q["support"] == r[key + "n_sv"][0] and
                    near(q["pairs"][0]["bias"], r[key + "bias"][0], 1e-4) and
                    near(q["alignment"],
                         r[kind + ".kernel_target_alignment"][0], 1e-8) and
                    near(q["mean_off_diagonal"],
                         r[kind + ".mean_offdiag"][0], 1e-8))
            check("qsvm %s %s" % (name, kind), good, got)
    r = records("tests/data/qsvm/adhoc_n2_gap0.3.txt")
    table(train, r["x_train"], r["y_train"])
    table(test, r["x_test"], r["y_test"])
    got = ask("qsvm", "--map", "zz", "--data", train, "--test", test)
    check("qsvm: the ad-hoc data", "error" not in got and
          got["quantum"]["test_accuracy"] == 1.0 and
          got["gaussian"]["test_accuracy"] < 0.9, got)
    got = ask("qsvm", "--map", "ry", "--data", DATA + "iris.csv", "--minmax",
              "--align", 10)
    check("qsvm: three classes, aligned", "error" not in got and
          len(got["quantum"]["pairs"]) == 3 and got["align_steps"] == 10 and
          got["quantum"]["alignment"] > 0.5, got)
    got = ask("qsvm", "--map", "ry", "--data", DATA + "wine.csv", "--minmax",
              "--landmarks", 64, "--test", DATA + "wine.csv")
    check("qsvm: landmarks", "error" not in got and
          got["landmarks"]["test_accuracy"] > 0.95, got)
    code, _, err = sim("qsvm", "--map", "zz", "--data", train, "--landmarks",
                       10)
    check("qsvm: landmarks want ranges", code == 2 and "--minmax" in err, err)
    code, out, _ = sim("qsvm", "--map", "zz", "--data", train)
    check("qsvm: text says what to do next", code == 0 and "--test" in out)
    check("qsvm: an unknown map", sim("qsvm", "--map", "zzz", "--data",
                                      train)[0] == 2)
    check("qsvm: no such file", sim("qsvm", "--map", "zz", "--data",
                                    tmp + "/none.csv")[0] == 5)
    code, _, err = sim("qsvm", "--map", "zz", "--data", DATA + "wine.csv",
                       "--test", test)
    check("qsvm: other columns", code == 1 and "13" in err, err)


def components():
    ref = records("tests/data/qpca/reference.txt")
    iris = ["qpca", "--data", DATA + "iris.csv", "--label", "label"]
    got = ask(*iris, "-k", 4)
    check("qpca: spectrum", "error" not in got and all(
        near(a, b, 1e-12) for a, b in zip(got["lapack"],
                                          ref["iris_cov.eigenvalues"])) and
        near(got["purity"], ref["iris_cov.purity"][0], 1e-10), got)
    got = ask(*iris, "-k", 2, "--encoding", "amplitude", "--vectors")
    check("qpca: amplitudes", "error" not in got and near(
        got["lapack"][0], ref["iris_amp.eigenvalues"][0], 1e-12) and near(
        got["vectors"][0]["vector"][0], ref["iris_amp.top_eigenvectors"][0],
        1e-10), got)
    got = ask(*iris, "-k", 3, "--method", "phase")
    check("qpca: phase estimation", "error" not in got and all(
        near(a, b, 1e-9) for a, b in zip(got["outcomes"],
                                         ref["iris_cov.qpe5"])) and
        got["found"][0]["outcome"] == 23 and
        got["found"][0]["overlap"] > 0.99, got)
    exact = got["outcomes"]
    got = ask(*iris, "-k", 1, "--method", "phase", "--copies", 20000)
    check("qpca: phase estimation by copies", "error" not in got and all(
        near(a, b, 0.01) for a, b in zip(got["outcomes"], exact)) and
        got["outcomes"] != exact, got)
    got = ask(*iris, "-k", 4, "--method", "vqse")
    check("qpca: vqse", "error" not in got and all(
        near(f["value"], w, 1e-6) and f["overlap"] > 0.9999
        for f, w in zip(got["found"], got["lapack"])), got)
    code, out, _ = sim(*iris, "-k", 2, "--method", "phase")
    check("qpca: text", code == 0 and "0.729624" in out and "--bits" in out)
    check("qpca: too many components", sim(*iris, "-k", 5)[0] == 2)
    check("qpca: no components", sim(*iris)[0] == 2)
    check("qpca: no such method", sim(*iris, "-k", 1, "--method", "x")[0] == 2)


with tempfile.TemporaryDirectory() as folder:
    machines(folder)
components()
print("1..%d" % done)
raise SystemExit(failed > 0)
