#!/usr/bin/env python3
"""Bad input to running daemons: rows, federations, stored data.

test_founding.sh has what needs no federation that runs. Here one member's rows
are bad while the other three go on; test_repair.py damages what is stored.
"""

import os
import shutil
import sys

from consortium import ROOT, Consortium, Tap, program, run, wait

IRIS = os.path.join(ROOT, "tests/data/datasets/iris.csv")


def rows(edit=None):
    """iris.csv as lists of cells; edit changes them. Line 8 is row 7."""
    with open(IRIS) as f:
        table = [line.rstrip("\n").split(",") for line in f]
    if edit:
        edit(table)
    return "".join(",".join(cells) + "\n" for cells in table)


def cell(column, text):
    def edit(table):
        table[7][column] = text
    return edit


def ragged(table):
    del table[7][2:]


def renamed(table):
    table[0][2] = "petal"


# name, the table (None: no file), what must be said: place, finding, mend
TABLES = [
    ("missing file", None, ["cannot be read", "No such file"]),
    ("empty file", "", ["rows.csv"]),
    ("no rows", rows(lambda t: t.__delitem__(slice(1, None))),
     ["no rows below the header"]),
    ("ragged row", rows(ragged),
     ["rows.csv:8:", "2 fields", "the header 5", "or remove the row"]),
    ("NaN", rows(cell(1, "nan")),
     ["rows.csv:8:", "column sepal_width_cm", "is not a finite number",
      "fill it in or remove the row"]),
    ("non-numeric cell", rows(cell(1, "tall")),
     ["rows.csv:8:", "column sepal_width_cm", "is not a number",
      "write a decimal"]),
    ("empty cell", rows(cell(1, "")),
     ["rows.csv:8:", "column sepal_width_cm", "the cell is empty"]),
    ("value outside the agreed range", rows(cell(1, "99")),
     ["rows.csv:8:", "column sepal_width_cm", "is outside the agreed",
      "[2, 4.4]", "agree with all members"]),
    ("unknown label", rows(cell(4, "rose")),
     ["rows.csv:8:", "column label", "is not one of the agreed labels: 0, 1"]),
    ("another column", rows(renamed),
     ["rows.csv:1:", "'petal'", "'petal_length_cm'", "the agreed"]),
]


class Town:
    """Four daemons; the rows of the last one go bad."""

    def __init__(self, c):
        self.c, self.odd = c, c.nodes[3]
        self.file = os.path.join(c.dir, "rows.csv")
        good = os.path.join(c.dir, "rows", "node3.csv")
        self.odd.configure(good, self.file)
        c.start()
        c.wait_height(3, nodes=c.nodes[:3])

    def restart_with(self, table):
        if self.odd.proc is not None:
            assert self.odd.stop() == 0
        if os.path.exists(self.file):
            os.unlink(self.file)
        if table is not None:
            with open(self.file, "w") as f:
                f.write(table)
        self.log_at = os.path.getsize(os.path.join(self.odd.home, "log")) \
            if os.path.exists(os.path.join(self.odd.home, "log")) else 0
        self.odd.start()

    def log(self):
        with open(os.path.join(self.odd.home, "log")) as f:
            f.seek(self.log_at)
            return f.read()

    def part(self, number):
        """What the odd node answered in that round; None: not in it."""
        if self.c.nodes[0].call("status")["round"]["number"] <= number:
            return None
        closed = self.c.nodes[0].call("round", n=number)
        return [p for p in closed["parts"] if p["member"] == self.odd.name]

    def answers_with(self, update, reason):
        """In some round after now; the number of that round."""
        first = self.c.nodes[0].call("status")["round"]["number"]

        def seen():
            now = self.c.nodes[0].call("status")["round"]["number"]
            for number in range(first, now):
                for p in self.part(number) or []:
                    if p["update"] == update and p["reason"] == reason:
                        return [number]
            return None
        return wait("%s answers (update: %s)" % (self.odd.name, update), 60,
                    seen)[0]

    def bad_table(self, table, want):
        self.restart_with(table)
        said = wait("the trainer refuses", 60, lambda: self.refused())
        for text in want + [self.file]:
            assert text in said, (text, said)
        log = self.log()
        assert "lvl=error ev=trainer.refused" in log and said in log, log
        # What a cell says is private: neither the log nor status has it.
        for text in ('"nan"', "tall", '"99"', "rose"):
            assert text not in said and text not in log, log
        self.answers_with(False, "no data")
        # It goes on as a validator: it votes and keeps every block.
        status = self.odd.call("status")
        assert status["trainer"]["state"] == "refused", status
        assert not status["halted"], status
        health = self.odd.call("health")
        assert health["ok"] is False and said in str(health), health
        target = self.c.nodes[0].height() + 2
        self.c.wait_height(target)

    def refused(self):
        t = self.odd.call("status")["trainer"]
        return t["problem"] if t["state"] == "refused" else None

    def mended(self):
        self.restart_with(rows())
        self.answers_with(True, "")
        status = self.odd.call("status")
        assert status["trainer"]["problem"] == "", status
        assert status["trainer"]["rows"] == 150, status

    def no_trainer(self):
        """A trainer that cannot be started, or dies, costs rounds only."""
        none = "trainer:\n  # program and arguments, e.g. [ssh, gpu1, " \
            "qmltrain]; empty: the qmltrain beside qmlnode\n  #command: []"
        self.odd.configure(none, none.replace(
            "#command: []", "command: [/nonexistent/qmltrain]"))
        self.restart_with(rows())
        def says(state, text):
            t = self.odd.call("status")["trainer"]
            return text in t["problem"] and t["state"] == state
        wait("it says why", 60,
             lambda: says("restarting", "/nonexistent/qmltrain"))
        self.answers_with(False, "trainer failed")
        self.c.wait_height(self.c.nodes[0].height() + 2)
        self.odd.configure("command: [/nonexistent/qmltrain]",
                           "command: [/bin/false]")
        self.restart_with(rows())
        wait("it says why", 60, lambda: "the trainer ended (exit 1" in
             self.odd.call("status")["trainer"]["problem"])
        self.c.wait_height(self.c.nodes[0].height() + 2)
        self.odd.configure("command: [/bin/false]", "#command: []")


def contents(home):
    """Every file of a home; the lock names the process that had it last."""
    found = {}
    for folder, _, names in os.walk(home):
        for name in names:
            path = os.path.join(folder, name)
            if name not in ("lock", "log") and os.path.isfile(path):
                with open(path, "rb") as f:
                    found[path] = f.read()
    return found


def refuses(node, code, want):
    """run ends at once with code, says why, and changes no file."""
    before = contents(node.home)
    p = run(program("qmlnode"), "run", "--home", node.home, code=code)
    said = p.stdout + p.stderr
    for text in want:
        assert text in said, (text, said)
    after = contents(node.home)
    assert sorted(before) == sorted(after), set(before) ^ set(after)
    for path, data in before.items():
        assert after[path] == data, "%s was changed" % path
    return said


class Damage:
    """The home of a stopped node, put back after each test."""

    def __init__(self, node):
        self.node, self.kept = node, node.home + ".kept"
        shutil.copytree(node.home, self.kept, symlinks=True)

    def path(self, name):
        return os.path.join(self.node.home, name)

    def restore(self):
        shutil.rmtree(self.node.home)
        shutil.copytree(self.kept, self.node.home, symlinks=True)

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        self.restore()


def other_federation(c, d):
    """The file of another federation, with the same members and keys."""
    with d:
        with open(d.path("federation.yaml")) as f:
            text = f.read()
        with open(d.path("federation.yaml"), "w") as f:
            f.write(text.replace("\nname: e2e", "\nname: other"))
        refuses(d.node, 9, ["another federation", "mend="])
    with d:
        shutil.copy(os.path.join(c.nodes[1].home, "node.key"),
                    d.path("node.key"))
        refuses(d.node, 9, ["votes.wal", "belongs to another node.key"])


def bad_place(d, old, new, want, code=78):
    """check and run say the same of a setting that this machine cannot do."""
    with d:
        d.node.configure(old, new)
        p = run(program("qmlnode"), "check", "--home", d.node.home, code=code)
        assert want[0] in p.stderr, p.stderr
        p = run(program("qmlnode"), "run", "--home", d.node.home, code=code)
        assert want[1] in p.stderr, p.stderr


def bad_places(d):
    bad_place(d, "#socket: qmlnode.sock", "socket: none/qmlnode.sock",
              ["Its folder must be there", "its folder is not there"])
    bad_place(d, "#socket: qmlnode.sock", "socket: federation.yaml",
              ["something else than a socket", "something else than a socket"])
    # 192.0.2.0/24 is for documents: no machine has it. That of a tunnel comes
    # up after the node, so a restart is right.
    with open(d.path("qmlnode.yaml")) as f:
        listen = next(k for k in f.read().splitlines() if "listen:" in k)
    bad_place(d, listen, 'listen: "192.0.2.1:7701"',
              ["192.0.2.1:7701", "does not have that address"], code=75)


def bad_file(d, old, new, want):
    with d:
        with open(d.path("federation.yaml")) as f:
            text = f.read()
        assert old in text, old
        line = text[:text.index(old)].count("\n") + 1
        with open(d.path("federation.yaml"), "w") as f:
            f.write(text.replace(old, new, 1))
        said = refuses(d.node, 78, ["federation.yaml:"] + want)
        at = [int(p.split(":")[1]) for p in said.split()
              if "federation.yaml:" in p]
        assert line <= at[0] <= line + new.count("\n") + 1, (line, said)


def twice(d):
    """A member whose key another one has already."""
    with open(d.path("federation.yaml")) as f:
        text = f.read()
    at = text.index("  - name: ")
    first = text[at:text.index("  - name: ", at + 1)]
    name = first.split("name: ")[1].split("\n")[0]
    bad_file(d, first, first.replace(name, "twin") + first,
             ["members:", "twin", name])


def main():
    tap = Tap()
    with Consortium(rounds=100000, data=IRIS) as c:
        town = Town(c)
        for name, table, want in TABLES:
            tap.run("live: " + name,
                    lambda t=table, w=want: town.bad_table(t, w))
        tap.run("live: mended rows are trained on", town.mended)
        tap.run("live: a trainer that does not start", town.no_trainer)
        town.restart_with(rows())
        c.wait_height(c.nodes[0].height() + 3)

        def stop():
            codes = c.stop()
            assert codes == [0, 0, 0, 0], codes
        tap.run("all end with 0", stop)
        d = Damage(c.nodes[0])
        tap.run("another federation, another key: 9",
                lambda: other_federation(c, d))
        for name, old, new, want in (
                ("unknown key", "timing:\n", "timing:\n  colect: 1s\n",
                 ['unknown key "timing.colect"', 'did you mean "collect"?']),
                ("wrong type", "    power: 1\n", "    power: some\n",
                 ["power", "'some'"]),
                ("outside its range", "    power: 1\n", "    power: -1\n",
                 ["power", "'-1'"])):
            tap.run("federation.yaml, %s: 78" % name, lambda o=old, n=new,
                    w=want: bad_file(d, o, n, w))
        tap.run("federation.yaml, one key twice: 78", lambda: twice(d))
        tap.run("a socket or an address that cannot be: 78, 75",
                lambda: bad_places(d))

        def again():
            c.start()
            c.wait_height(max(c.heights()) + 2)
            assert c.stop() == [0, 0, 0, 0]
            for n in c.nodes:
                run(program("qmlnode"), "audit", n.home)
        tap.run("put back, the federation goes on", again)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
