#!/usr/bin/env python3
"""A federation of one loses its vote log: it does not start until its operator
says that it never voted above its chain, and goes on from there."""

import os
import sys

from badluck import IRIS, PATIENCE_S
from consortium import Consortium, Tap, program, run

DAMAGED, CONFLICT, USAGE, TEMPORARY = 65, 9, 2, 75


def asserts(node, *args, code=0):
    return run(program("qmlnode"), "assert-never-voted", "--home", node.home,
               *args, code=code)


def refuses_to_run(node):
    node.start()
    code = node.proc.wait(PATIENCE_S)
    node.proc = None
    assert code == DAMAGED, code
    assert "assert-never-voted" in node.log()


def goes_on(c, node, above):
    node.start()
    c.wait_height(above + 3, PATIENCE_S)
    assert node.stop() == 0
    run(program("qmlnode"), "audit", node.home)


def lost(c, node, harm):
    node.start()
    c.wait_height(3, PATIENCE_S)
    p = asserts(node, "--i-know", code=TEMPORARY)  # it runs
    top = node.height()
    assert node.stop() == 0
    p = asserts(node, "--i-know", code=CONFLICT)
    assert "whole" in p.stderr, p.stderr
    harm()
    refuses_to_run(node)
    p = asserts(node, code=USAGE)
    assert "twice" in p.stderr, p.stderr
    refuses_to_run(node)
    p = asserts(node, "--i-know")
    assert "by your word" in p.stdout and "above block" in p.stdout, p.stdout
    p = asserts(node, "--i-know", code=CONFLICT)  # once is enough
    goes_on(c, node, top)


def flip_both(path):
    with open(path, "r+b") as f:
        for at in (40, (1 << 20) + 41):
            f.seek(at)
            old = f.read(1)[0]
            f.seek(at)
            f.write(bytes([old ^ 4]))


def main():
    tap = Tap()
    with Consortium(n=1, rounds=100000, data=IRIS) as c:
        node = c.nodes[0]

        def path(name):
            return os.path.join(node.home, name)
        tap.run("the vote log is gone",
                lambda: lost(c, node, lambda: os.unlink(path("votes.wal"))))
        tap.run("both copies of the next one are damaged", lambda: lost(
            c, node, lambda: flip_both(path("votes-1.wal"))))
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
