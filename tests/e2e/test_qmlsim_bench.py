#!/usr/bin/env python3
"""qmlsim bench: the last line is JSON with the reference's numbers."""

import json
import os
import subprocess
import sys

QMLSIM = os.path.join(os.environ.get("QML_BUILD", "build"), "qmlsim")
done = failed = 0


def check(name, good):
    global done, failed
    done += 1
    failed += not good
    print("%s %d - %s" % ("ok" if good else "not ok", done, name), flush=True)


def bench(*words):
    r = subprocess.run([QMLSIM, "bench"] + [str(w) for w in words],
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                       text=True)
    return r.returncode, r.stdout, r.stderr


def near(a, b):
    return abs(a - b) < 1e-12


def gradient(n, z0, total, square, *words):
    code, out, _ = bench("vqc-gradient", "--qubits", n, "--layers", 6,
                         "--batch", 9, "--threads", 2, "--repeats", 2, *words)
    r = json.loads(out.splitlines()[-1])
    return (code == 0 and len(r["grad"]) == 18 * n and near(r["z0"], z0) and
            near(sum(r["grad"]), total) and r["threads"] == 2 and
            r["repeats"] == 2 and 0 < r["seconds"] <= r["median"] and
            near(sum(g * g for g in r["grad"]), square))


V4 = (4, -0.215731704801144, 0.810605534125038, 1.603453152310433)
V12 = (12, 0.012882462488144, 0.204568369530644, 0.024009043593613)
check("gradients of 4 qubits", gradient(*V4))
check("gradients of 12 qubits", gradient(*V12))
for isa in ("plain", "auto"):
    for executor in ("lanes", "amps"):
        check("%s, %s" % (isa, executor), gradient(
            *V4, "--isa", isa, "--executor", executor))
for n, z0 in ((20, -0.001660907679), (22, 0.000631049522),
              (24, -0.000072661305)):
    code, out, _ = bench("forward", "--qubits", n, "--layers", 4, "--threads",
                         2, "--repeats", 1, "--json")
    check("%d qubits forward" % n, code == 0 and out.count("\n") == 1 and
          near(json.loads(out)["z0"], z0))
code, out, _ = bench("kernel", "--qubits", 10, "--samples", 500, "--threads",
                     2, "--repeats", 1)
r = json.loads(out.splitlines()[-1])
check("a kernel matrix", code == 0 and near(r["k01"], 0.613172904277) and
      near(r["k0last"], 0.002381970874))
# 100 layers of 2^30 amplitudes of 8 samples: no machine of ours has that.
code, _, err = bench("vqc-gradient", "--qubits", 30, "--layers", 100,
                     "--executor", "lanes")
check("a size beyond memory says how much", code == 1 and
      "need" in err and "GiB are free" in err)
for words in (("vqc-gradient", "--qubits", "0"), ("nothing",),
              ("forward", "--isa", "abacus"), ("kernel", "--qubits", "17")):
    check("refused: " + " ".join(words), bench(*words)[0] == 2)
print("1..%d" % done)
sys.exit(1 if failed else 0)
