#!/usr/bin/env python3
"""A member whose trainer needs longer than the collection: with
`stragglers: carry` its work counts in a later round and can be replayed, with
`drop` it is lost. The trainer is held until its round has closed.
"""

import os
import signal
import sys

from consortium import Consortium, Tap, run, program, wait
from test_tasks import SEED, with_job
from test_trainer_faults import IRIS, Town, child

TIMES = 3


def job(stragglers):
    return with_job({"job": dict({
        "task": "vqc", "encoding": "angle", "qubits": 4, "layers": 3,
        "rounds": 100000, "seed": SEED, "steps": 20, "batch": 32,
        "carry": "true"}, **stragglers)})


def hold(town):
    """Holds its trainer until a round has closed without it; returns that
    round."""
    first, pid = town.now(), child(town.odd.proc.pid)
    os.kill(pid, signal.SIGSTOP)
    try:
        return wait("a round without it", 30, lambda: [
            k for k in range(first, town.now()) if town.part(k) is None])[0]
    finally:
        os.kill(pid, signal.SIGCONT)


def replayed(town, number):
    p = run(program("qmltrain"), "replay", "--home", town.odd.home,
            "--member", town.odd.name, "--data", town.rows, "--round", number)
    assert "confirmed" in p.stdout, p.stdout


def carried(c):
    town, late = Town(c), []
    text = run(program("qmlnode"), "federation", "show", c.file).stdout
    assert "counts, less, up to 8 aggregations later" in text, text
    c.start()
    town.answer(lambda p: p["update"], 0)
    # A hold that a busy machine lets go too late is tried again.
    for _ in range(10 * TIMES):
        busy = hold(town)
        number, part = town.answer(lambda p: p["update"], busy)
        if part["late"]:
            late.append(number)
        if len(late) == TIMES:
            break
    assert len(set(late)) == TIMES, late
    text = run(program("qmlctl"), "round", late[0], "--home",
               town.one.home).stdout
    assert "late update" in text, text
    after, part = town.answer(lambda p: p["update"] and not p["late"],
                              late[-1] + 1)
    assert not part["state_lost"], part
    town.goes_on()
    assert all(x == 0 for x in c.stop())
    for number in (late[0], late[-1], after):
        replayed(town, number)
    audit = run(program("qmlnode"), "audit", town.one.home).stdout
    assert "models computed again, exact" in audit, audit


def dropped(c):
    town = Town(c)
    c.start()
    town.answer(lambda p: p["update"], 0)
    for _ in range(TIMES):
        busy = hold(town)
        town.answer(lambda p: p["update"], busy + 1)
    parts = [town.part(k) for k in range(town.now())]
    assert not any(p["late"] for p in parts if p), parts
    assert all(x == 0 for x in c.stop())


def main():
    tap = Tap()
    for name, test, words in (
            ("a late update counts in a later round", carried,
             {"stragglers": "carry", "carry_rounds": 8}),
            ("a late update is dropped by default", dropped, {})):
        with Consortium(4, data=IRIS, edit=job(words), collect="500ms") as c:
            tap.run(name, lambda: test(c))
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
