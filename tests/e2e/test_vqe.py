#!/usr/bin/env python3
"""A molecule's ground energy by four real daemons: each measures its parts of
the Hamiltonian, the chain has the energies, one member is killed on the way."""
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from consortium import Consortium, ROOT, Tap, program, run, wait  # noqa: E402

ROUNDS = 8
HARTREE_FOCK = -1.116998996739
EXACT = -1.137306035753
FCIDUMP = os.path.join(ROOT, "tests/data/vqe/h2_0.735.FCIDUMP")


def edit(text):
    """The founder's file with a vqe instead of rows and a circuit. What a job
    must state is what qmlsim says."""
    said = run(program("qmlsim"), "vqe", FCIDUMP).stdout
    angles, parts = re.search(r"angles: (\d+), parts: (\d+)", said).groups()
    head, rest = text.split("\nschema:", 1)
    timing = re.search(r"\ntiming:.*?\n(?=\S)", rest, re.S).group(0)
    seed = re.search(r'seed: \S+', rest).group(0)
    with open(FCIDUMP) as f:
        lines = "".join("    " + line for line in f)
    return head + timing + """
job:
  task: vqe
  rounds: %d
  %s
  ansatz: uccsd
  qubits: 4
  angles: %s
  parts: %s
  start: zero
  rate: 0.3
  schedule: constant
  bound: 100
  input: |
%s""" % (ROUNDS, seed, angles, parts, lines)


def rounds(node):
    return node.call("rounds")["rounds"]


def test_energy(c):
    c.start()
    c.wait_height(6)
    c.nodes[3].kill()
    wait("the last round", 60,
         lambda: c.nodes[0].call("status")["round"]["finished"])
    got = [r["energy"] for r in rounds(c.nodes[0])]
    print("# errors: %s" % " ".join("%.1e" % (e - EXACT) for e in got))
    assert len(got) == ROUNDS, got
    assert abs(got[0] - HARTREE_FOCK) < 1e-6, got
    assert all(b <= a + 1e-6 for a, b in zip(got, got[1:])), got
    assert abs(got[-1] - EXACT) < 1e-5, got
    assert got == [r["energy"] for r in rounds(c.nodes[1])], got


def test_audit(c):
    for node in c.nodes[:3]:
        assert node.stop() == 0, node.name
        run(program("qmlnode"), "audit", node.home)


def main():
    tap = Tap()
    # Rounds after the kill wait so long for the fourth.
    with Consortium(4, rounds=ROUNDS, edit=edit, collect="5s") as c:
        tap.run("energies on the chain, one member killed",
                lambda: test_energy(c))
        tap.run("the chain proves itself", lambda: test_audit(c))
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
