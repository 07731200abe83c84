"""Strangers against a running daemon, and what it costs the daemon."""

import json
import os
import subprocess

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


def at_rest(node):
    """Descriptors and resident bytes; a file may be open for a moment."""
    seen = [counts(node) for _ in range(20)]
    return (min(c["descriptors"] for c in seen),
            min(c["resident_bytes"] for c in seen))


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
            stdout=subprocess.PIPE, text=True)

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
    wait("%s has its %d descriptors back" % (node.name, before[0]), 120,
         lambda: counts(node)["descriptors"] <= before[0])
    after = at_rest(node)
    print("# %s: %d -> %d descriptors, %.1f -> %.1f MiB resident" % (
        node.name, before[0], after[0], before[1] / MIB, after[1] / MIB))
    if not sanitized():
        assert after[1] <= before[1] + mib * MIB, (before, after)
