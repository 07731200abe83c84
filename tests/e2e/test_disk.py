#!/usr/bin/env python3
"""The disk of one member fails, is slow or is full; the other three go on.

A write or a sync that fails ends the daemon, for what the disk holds then
nobody knows; it says so, and a new start reads what is really there. A slow
disk makes the votes of its member late and nothing else. A full disk, here a
real one of some MiB where the test may mount it, is waited out.
"""

import os
import shutil
import subprocess
import sys
import time

from badluck import PATIENCE_S, BadLuck
from consortium import Tap, program, run, wait

EXIT_IO = 74
FAULTS = [("sync", "votes.wal", "votes.wal"), ("write", "/chain/", "chain")]
if os.environ.get("QML_TEST_LONG"):
    FAULTS += [("write", "/pool/", "pool"), ("sync", "/pool/", "pool"),
               ("sync", "/chain/", "chain"),
               ("write", "votes.wal", "votes.wal")]


def write_fails(c, call, path, part):
    """It stops at once, by itself, and starts again when asked."""
    c.begin(call, path)
    code = c.odd.proc.wait(PATIENCE_S)
    c.odd.proc = None
    assert code == EXIT_IO, (code, c.said()[-1000:])
    c.says("lvl=error ev=storage.failed what=" + part, "mend=")
    c.others_go_on()
    c.end(call)
    c.odd.start()
    c.well()


def read_fails(c):
    """While it runs, what cannot be read is named and not served; at a start
    nothing begins without it."""
    c.begin("read", "/chain/")
    c.says("lvl=error ev=storage.scrub", "why=")
    c.others_go_on()
    assert c.odd.proc.poll() is None
    assert c.odd.stop() == 0
    c.mark()
    c.odd.start()
    code = c.odd.proc.wait(PATIENCE_S)
    c.odd.proc = None
    assert code == EXIT_IO, (code, c.said()[-1000:])
    c.says("lvl=error ev=storage.open part=chain")
    c.end("read")
    c.odd.start()
    c.well()


def tables_fail(c):
    """It costs no vote, is said once, and is filled when that can be done."""
    c.begin("write", "index.db")
    c.says("lvl=error ev=storage.behind part=index.db", "why=")
    health = c.odd.call("health")
    assert not health["ok"] and "index.db" in str(health), health
    c.wait_height(max(n.height() for n in c.nodes) + 2, PATIENCE_S)
    assert c.odd.proc.poll() is None
    assert c.said().count("ev=storage.behind") == 1
    c.end("write")
    c.says("ev=storage.kept_up part=index.db")
    c.well()


def slow(c):
    """A second a sync. What it costs is printed, not judged."""
    def rate(seconds):
        a, t = c.others[0].height(), time.monotonic()
        wait("blocks", PATIENCE_S,
             lambda: c.others[0].height() >= a + 3 and
             time.monotonic() > t + seconds)
        return (c.others[0].height() - a) / (time.monotonic() - t)
    before = rate(1)
    c.begin("slow", "1000")
    during = rate(3)
    top = max(n.height() for n in c.others)
    c.wait_height(top, PATIENCE_S, [c.odd])
    assert c.odd.proc.poll() is None
    assert "ev=storage.failed" not in c.said()
    c.end("slow")
    print("# blocks a second: %.2f, with one slow disk %.2f" % (
        before, during))
    c.well()


def mounted(size):
    """A small disk of its own, or why there is none."""
    path = "/tmp/qml-small-%d" % os.getpid()
    os.makedirs(path)
    p = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=" + size, "qml",
                        path], stderr=subprocess.PIPE, text=True, check=False)
    if p.returncode != 0:
        os.rmdir(path)
        return None, p.stderr.strip()
    return path, ""


def fill_up(path):
    with open(path, "wb", buffering=0) as f:
        try:
            while True:
                f.write(bytes(4096))
        except OSError:
            pass


def full(c, disk):
    assert c.odd.stop() == 0
    home = os.path.join(disk, "home")
    shutil.copytree(c.odd.home, home, symlinks=True)
    c.odd.home = home
    c.odd.env["FAULTS_HOME"] = home
    c.odd.start()
    c.well()
    c.mark()
    waste = os.path.join(disk, "waste")
    fill_up(waste)
    # What was reserved is used up first: a block each few KiB.
    c.says("lvl=error ev=storage.full")
    why = c.odd.call("status")["why"]
    assert "disk is full" in why, why
    stood = c.odd.height()
    c.others_go_on()
    assert c.odd.proc.poll() is None and c.odd.height() == stood
    os.unlink(waste)
    c.says("ev=storage.room")
    c.well()
    assert "ev=storage.failed" not in c.said()
    assert c.odd.stop() == 0
    run(program("qmlnode"), "audit", home)


def check(home, code, want):
    p = run(program("qmlnode"), "check", "--home", home, code=code)
    assert want in p.stdout + p.stderr, p
    assert ("All is well" in p.stderr) == (code == 0), p


def checked(disk):
    """Before it runs: what it could not write is no surprise later."""
    home, waste = os.path.join(disk, "home"), os.path.join(disk, "waste")
    check(home, 0, "are free; the next blocks want")
    fill_up(waste)
    check(home, EXIT_IO, "0 B are free on its disk")
    os.unlink(waste)
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    try:
        check(home, EXIT_IO, "mounted read-only")
    finally:
        subprocess.run(["mount", "-o", "remount,rw", disk], check=True)
    check(home, 0, "are free; the next blocks want")


def main():
    tap = Tap()
    disk, reason = mounted("40m")
    try:
        with BadLuck() as c:
            c.odd.configure("#scrub: 168h", "scrub: 1s")
            c.start()
            c.wait_height(3, PATIENCE_S)
            for call, path, part in FAULTS:
                tap.run("EIO of a %s of %s" % (call, part),
                        lambda call=call, path=path, part=part:
                        write_fails(c, call, path, part))
            tap.run("EIO of a read", lambda: read_fails(c))
            tap.run("EIO of a write of index.db", lambda: tables_fail(c))
            tap.run("a second for each sync", lambda: slow(c))
            if disk is None:
                print("# skipped: a full tmpfs, for mount says: " + reason)
            else:
                tap.run("a tmpfs that is full", lambda: full(c, disk))
                tap.run("check sees a disk that is full or read-only",
                        lambda: checked(disk))
    finally:
        if disk is not None:
            subprocess.run(["umount", disk], check=True)
            os.rmdir(disk)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
