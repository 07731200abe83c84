#!/usr/bin/env python3
"""A trainer that fails, in every way it can: the reason is named in the log,
the status and the round, its node goes on as a validator, the others go on.
"""

import os
import signal
import sys

from consortium import PATIENT, ROOT, Consortium, Tap, run, program, wait
from test_tasks import SEED, with_job

IRIS = os.path.join(ROOT, "tests/data/datasets/iris.csv")


def child(pid):
    """The trainer: a daemon has one child."""
    kids = []
    for task in os.listdir("/proc/%d/task" % pid):
        with open("/proc/%d/task/%s/children" % (pid, task)) as f:
            kids += f.read().split()
    return int(kids[0]) if kids else None


class Town:
    """Four daemons; something happens to the trainer of the last."""

    def __init__(self, c):
        self.c, self.odd, self.one = c, c.nodes[3], c.nodes[0]
        self.rows = os.path.join(c.dir, "rows", "node3.csv")
        with open(self.rows) as f:
            self.good = f.read()

    def status(self):
        return self.odd.call("status")

    def now(self):
        return self.one.call("status")["round"]["number"]

    def part(self, number):
        parts = self.one.call("round", n=number)["parts"]
        return next((p for p in parts if p["member"] == self.odd.name), None)

    def answer(self, what, first, seconds=30):
        """The first part from round `first` on that what() accepts."""
        def seen():
            for number in range(first, self.now()):
                p = self.part(number)
                if p and what(p):
                    return [(number, p)]
            return None
        try:
            return wait("an answer", seconds, seen)[0]
        except AssertionError as e:
            raise AssertionError("%s from round %d: %s" % (e, first, [
                self.part(k) for k in range(first, self.now())])) from e

    def goes_on(self):
        """It votes: blocks need three of four, and it signs some."""
        wait("all links", 20, lambda: self.status()["connected"] == 4)
        assert not self.status()["halted"], self.status()
        h = self.one.height()
        self.c.wait_height(h + 4)

        def signed():
            last = self.one.height()
            return any(self.odd.name in self.one.call("block", height=k)
                       ["certificate"]["signers"] for k in range(h, last))
        wait("%s signs a block" % self.odd.name, 20, signed)

    def restart_with(self, text):
        assert self.odd.stop() == 0
        with open(self.rows, "w") as f:
            f.write(text)
        self.odd.start()
        return self.now()

    def refused(self, want):
        t = wait("the trainer refuses", 20, lambda: self.status()["trainer"]
                 if self.status()["trainer"]["state"] == "refused" else None)
        for text in want:
            assert text in t["problem"], (text, t)
        assert "ev=trainer.refused" in self.odd.log(), self.odd.log()
        p = run(program("qmlctl"), "status", "--home", self.odd.home)
        assert want[0] in p.stdout, p.stdout
        p = run(program("qmlctl"), "health", "--home", self.odd.home, code=7)
        assert want[0] in p.stdout, p.stdout


def killed_in_mid_round(town):
    first = town.now()
    town.answer(lambda p: p["update"] and not p["state_lost"], first)
    # Held until the node waits for it: it cannot finish before it is killed.
    os.kill(child(town.odd.proc.pid), signal.SIGSTOP)
    wait("a training", 20, lambda:
         town.status()["trainer"]["state"] == "training")
    busy = town.status()["round"]["number"]
    os.kill(child(town.odd.proc.pid), signal.SIGKILL)
    number, part = town.answer(lambda p: not p["update"], busy)
    assert part["reason"] == "trainer failed", part
    assert "signal 9)" in town.odd.log(), town.odd.log()
    number, part = town.answer(lambda p: p["update"], number)
    assert part["state_lost"], part
    text = run(program("qmlctl"), "round", number, "--home",
               town.one.home).stdout
    assert "state lost" in text, text
    number, part = town.answer(lambda p: p["update"], number + 1)
    assert not part["state_lost"], part
    town.goes_on()


def empty_file(town):
    first = town.restart_with("")
    town.refused([town.rows])
    _, part = town.answer(lambda p: not p["update"], first)
    assert part["reason"] == "no data", part
    town.goes_on()


def one_class(town):
    lines = town.good.splitlines(True)
    label = lines[1].rstrip("\n").rsplit(",", 1)[1]
    text = lines[0] + "".join(
        x for x in lines[1:] if x.rstrip("\n").rsplit(",", 1)[1] == label)
    first = town.restart_with(text)
    town.refused(["are of one class", town.rows, "data.one_class: true"])
    _, part = town.answer(lambda p: not p["update"], first)
    assert part["reason"] == "no data", part
    town.goes_on()
    p = run(program("qmlctl"), "data", "check", "--home", town.odd.home)
    assert "one class" in p.stdout, p.stdout
    # Who wants to train on them says so.
    town.odd.configure("  #one_class: false", "  one_class: true")
    first = town.restart_with(text)
    town.answer(lambda p: p["update"], first)


def other_task(town):
    first = town.restart_with("a,b,label\n1,2,0\n3,4,1\n")
    town.refused([town.rows + ":1:"])
    town.answer(lambda p: p["reason"] == "no data", first)
    town.goes_on()
    first = town.restart_with(town.good)
    town.answer(lambda p: p["update"], first)
    assert town.status()["trainer"]["problem"] == "", town.status()


def too_few_rows(c):
    """A task that the rows fit by their columns, but not by their number."""
    town = Town(c)
    with open(town.rows, "w") as f:
        f.writelines(town.good.splitlines(True)[:6])
    c.start()
    _, part = town.answer(lambda p: not p["update"], 0)
    assert part["reason"] == "no data", part
    wait("it is named", 20, lambda: "min_rows" in
         town.status()["trainer"]["problem"])
    assert "min_rows" in town.odd.log(), town.odd.log()
    town.goes_on()


def regression(path, rows):
    with open(path, "w") as f:
        f.write("x,y,target\n")
        for i in range(rows):
            x, y = (i * 37 % 101) / 100, (i * 53 % 97) / 96
            f.write("%.3f,%.3f,%.4f\n" % (x, y, 0.5 * x + 0.3 * y))


def not_a_number(c):
    """Steps so long that only a member with many of them overflows."""
    town = Town(c)
    for i in range(4):
        regression(os.path.join(c.dir, "rows", "node%d.csv" % i),
                   600 if i == 3 else 4)
    c.start()
    _, part = town.answer(lambda p: not p["update"], 0)
    assert part["reason"] == "numeric", part
    wait("it is named", 20, lambda: "not finite" in
         town.status()["trainer"]["problem"])
    assert "not finite" in town.odd.log(), town.odd.log()
    first = town.one.call("round", n=0)
    assert [p["update"] for p in first["parts"]].count(True) == 3, first
    town.goes_on()


def numbers_instead(text):
    """The schema of regression() instead of the classes of iris."""
    head, rest = text.split("\nschema:\n", 1)
    rest = rest[rest.index("\ntiming:"):]
    return head + """
schema:
  label: target
  label_range: [0, 1]
  columns:
    - {name: x, range: [0, 1]}
    - {name: y, range: [0, 1]}
""" + with_job({"job": {
        "task": "linear", "rounds": 100000, "seed": SEED, "loss": "squared",
        "optimiser": "sgd", "rate": 10, "rate_last": 10,
        "worker_momentum": 0, "epochs": 1, "batch": 1}})(rest)


def main():
    tap = Tap()
    job = with_job({"job": {
        "task": "vqc", "encoding": "angle", "qubits": 4, "layers": 3,
        "rounds": 100000, "seed": SEED, "steps": 300, "batch": 32,
        "carry": "true"}})
    with Consortium(4, data=IRIS, edit=job, collect=PATIENT) as c:
        town = Town(c)
        c.start()
        for name, test in (
                ("killed in mid-round, with carried state",
                 killed_in_mid_round),
                ("an empty file", empty_file), ("one class", one_class),
                ("rows of another task", other_task)):
            tap.run(name, lambda test=test: test(town))

        def ends():
            codes = c.stop()
            assert codes == [0] * 4, codes
        tap.run("all end with 0", ends)
    with Consortium(4, data=IRIS, edit=with_job({"job": {
            "task": "qpca", "rounds": 100000, "seed": SEED, "components": 2,
            "min_rows": 10}}), collect=PATIENT) as c:
        tap.run("fewer rows than the task wants", lambda: too_few_rows(c))
    with Consortium(4, data=IRIS, edit=numbers_instead,
                    collect=PATIENT) as c:
        tap.run("numbers that are not finite", lambda: not_a_number(c))
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
