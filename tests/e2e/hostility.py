"""Strangers against a running daemon, and what it costs the daemon."""

import json
import os
import subprocess
import time
from collections import Counter

from consortium import program, wait

TOOL = program("tests/e2e/tool_hostile")
MIB = 2 ** 20


def sanitized():
    """A sanitizer keeps freed memory on purpose."""
    with open(program("qmlnode"), "rb") as f:
        code = f.read()
    return b"__asan_init" in code or b"__tsan_init" in code


def answer(node):
    """The node's status; None where others crowd its socket."""
    try:
        return node.call("status")
    except (OSError, RuntimeError, ValueError):
        return None


def counts(node):
    return wait("%s answers" % node.name, 120, lambda: answer(node))["counts"]


def open_now(node):
    """How many descriptors of each kind the daemon has: a file by its name in
    the home, a socket or pipe only as one."""
    where, found = "/proc/%d/fd" % node.proc.pid, Counter()
    for fd in os.listdir(where):
        try:
            what = os.readlink(os.path.join(where, fd))
        except OSError:
            continue  # closed meanwhile
        found[what.split(":[")[0].replace(node.home + "/", "")] += 1
    return found


def at_rest(node):
    """Descriptors and resident bytes; a file may be open for a moment, and
    who asks has one himself."""
    seen, held = [], None
    for _ in range(20):
        seen.append(counts(node))
        now = open_now(node)
        held = now if held is None else held & now
    return held, min(c["resident_bytes"] for c in seen)


def grown(before, after):
    """What after has more of. One older segment of the chain stays open once
    somebody asked for a block in it: the next question takes its place."""
    more = after - before
    old = [what for what in more if what.startswith("chain/")]
    for what in old[:1]:
        del more[what]
    return more


def aim(c, node, where):
    """The arguments that point the tool at a listener."""
    if where == "port":
        return [TOOL, "port", str(node.port), c.file, node.name]
    return [TOOL, "socket", os.path.join(node.home, "qmlnode.sock")]


class Attack:
    """One crowd of strangers, in the background."""

    def __init__(self, c, node, where, **options):
        args = ["%s=%d" % kv for kv in options.items()]
        self.proc = subprocess.Popen(
            aim(c, node, where) + args, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, text=True, start_new_session=True)

    def step_aside(self):
        """Takes only CPU time that nobody else wants, as one on another
        machine would. A session is one group to the scheduler, which asks for
        a group's weight before that of its processes."""
        os.sched_setscheduler(self.proc.pid, os.SCHED_IDLE, os.sched_param(0))
        try:
            with open("/proc/%d/autogroup" % self.proc.pid, "w") as f:
                f.write("19")
        except OSError:
            pass  # a kernel without such groups

    def going_on(self):
        return self.proc.poll() is None

    def end(self, seconds=600):
        """What the tool counted."""
        out = self.proc.communicate(timeout=seconds)[0]
        assert self.proc.returncode == 0, self.proc.returncode
        return json.loads(out)

    def stop(self):
        if self.proc.poll() is None:
            self.proc.kill()
        self.proc.communicate()


def settles(node, before, mib=8):
    """As many descriptors as before, and not much more memory."""
    try:
        wait("no descriptor more", 120,
             lambda: not grown(before[0], open_now(node)))
    except AssertionError as e:
        raise AssertionError("%s: %s has more of %s" % (
            e, node.name, dict(grown(before[0], open_now(node)))))
    after = at_rest(node)
    # What was freed goes back to the system every few seconds.
    deadline = time.monotonic() + 120
    while after[1] > before[1] + mib * MIB and not sanitized() and \
            time.monotonic() < deadline:
        time.sleep(1)
        after = at_rest(node)
    print("# %s: %d -> %d descriptors, %.1f -> %.1f MiB resident" % (
        node.name, sum(before[0].values()), sum(after[0].values()),
        before[1] / MIB, after[1] / MIB))
    if not sanitized():
        assert after[1] <= before[1] + mib * MIB, (before, after)
