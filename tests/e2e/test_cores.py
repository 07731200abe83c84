#!/usr/bin/env python3
"""No core file of a process that holds a key or rows, whatever the limits.

The control is a process of the same kind of shell that does dump: where the
system writes no core at all, nothing can be shown and the test says so.
"""

import os
import resource
import signal
import subprocess
import sys
import tempfile

from consortium import Consortium, Tap, wait
from test_trainer_faults import child

PATTERN = "/proc/sys/kernel/core_pattern"


def unlimited():
    hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))


def limit_of(pid):
    with open("/proc/%d/limits" % pid) as f:
        line = next(k for k in f if k.startswith("Max core file size"))
    return line.split()[4:6]


def dumps(pid):
    """Ends a child by SIGABRT; did it leave a core?"""
    os.kill(pid, signal.SIGABRT)
    status = os.waitpid(pid, 0)[1]
    assert os.WIFSIGNALED(status), status
    return os.WCOREDUMP(status)


def system_dumps():
    """Whether anything here would leave a core, in a folder of its own."""
    with open(PATTERN) as f:
        pattern = f.read().strip()
    if not pattern or pattern[0] in "|/":
        return False
    with tempfile.TemporaryDirectory(prefix="qmlnode-core-") as d:
        p = subprocess.Popen(["sleep", "600"], cwd=d, preexec_fn=unlimited)
        dumped = dumps(p.pid)
        p.returncode = -signal.SIGABRT
        return dumped and bool(os.listdir(d))


def readable(pid):
    """May a process of the same user look inside?"""
    try:
        with open("/proc/%d/environ" % pid, "rb") as f:
            f.read(1)
        return True
    except PermissionError:
        return False


def any_readable():
    """Root with every capability may look into whatever it likes."""
    with open("/proc/self/status") as f:
        line = next(k for k in f if k.startswith("CapEff"))
    return int(line.split()[1], 16) >> 19 & 1 == 1  # CAP_SYS_PTRACE


def skip(tap, name, why):
    tap.n += 1
    print("ok %d - %s # SKIP %s" % (tap.n, name, why))


def main():
    tap = Tap()
    with Consortium(1, rounds=100000) as c:
        node = c.nodes[0]
        unlimited()  # the daemon inherits it
        node.start()
        wait("the trainer trains", 60,
             lambda: node.call("status")["trainer"]["rows"] > 0)
        pid, kid = node.proc.pid, child(node.proc.pid)

        def limited():
            for p in (pid, kid):
                assert limit_of(p) == ["0", "0"], (p, limit_of(p))
        tap.run("daemon and trainer may write no core", limited)

        def closed():
            with subprocess.Popen(["sleep", "600"]) as control:
                seen = readable(control.pid)
                control.kill()
            assert seen, "the control cannot be read either"
            for p in (pid, kid):
                assert not readable(p), p
        if any_readable():
            skip(tap, "nobody attaches", "this user may attach to anything")
        else:
            tap.run("nobody attaches", closed)

        def leaves_none():
            assert not dumps(pid), "the daemon left a core"
            node.proc.returncode = -signal.SIGABRT
            node.proc = None
        if system_dumps():
            tap.run("a daemon that aborts leaves no core", leaves_none)
        else:
            skip(tap, "a daemon that aborts leaves no core",
                 "this system writes none into the folder")
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
