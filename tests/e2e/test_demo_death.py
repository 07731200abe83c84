#!/usr/bin/env python3
"""qmlnode demo when one of its daemons dies: it says whose and where the log
is, ends the others, and nobody else."""

import os
import shutil
import signal
import subprocess
import tempfile

from consortium import PATIENCE, ROOT, Tap, program, wait

TMP = tempfile.mkdtemp(prefix="qml-demo-")


def pid_of(home, name):
    """Of the daemon that listens; init and join hold the lock as well."""
    if not os.path.exists(os.path.join(home, name, "qmlnode.sock")):
        return 0
    with open(os.path.join(home, name, "lock")) as f:
        return int(f.read() or 0)


def one_dies():
    home = os.path.join(TMP, "home")
    # Its own process group, so that a stray signal hits nobody but these.
    p = subprocess.Popen(
        ["sh", "-c", '"$@"; echo "exit $?"', "sh", program("qmlnode"), "demo",
         "--rounds", "10000", "--home", home], cwd=ROOT, text=True,
        start_new_session=True, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT)
    names = ["alpha", "beta", "gamma", "delta"]
    wait("four daemons", 60, lambda: all(pid_of(home, n) for n in names))
    pids = [pid_of(home, n) for n in names]
    os.kill(pids[2], signal.SIGKILL)
    told = p.communicate(timeout=PATIENCE)[0]
    assert told.splitlines()[-1] == "exit 1", told
    assert "the node of gamma ended (exit 137)" in told, told
    assert os.path.join(home, "gamma/log") in told, told
    for pid in pids:
        assert not os.path.exists("/proc/%d" % pid), told


def main():
    tap = Tap()
    try:
        tap.run("one of four is killed", one_dies)
    finally:
        shutil.rmtree(TMP, ignore_errors=True)
    return tap.done()


if __name__ == "__main__":
    raise SystemExit(main())
