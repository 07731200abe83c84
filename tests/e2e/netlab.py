"""Real daemons in network namespaces of their own, behind a seeded switch.

tests/net/driver.c makes the namespaces and holds them: when it ends, and the
daemons with it, nothing is left of them. A test that cannot have any here says
so and skips.
"""

import json
import os
import random
import shutil
import subprocess

from consortium import BUILD, Consortium

SWITCH = os.path.join(BUILD, "tests/net/switch")
PORT = 7701
IMPOSSIBLE = 77


class Impossible(Exception):
    """This machine has no namespaces, no TUN or no nsenter for us."""


class Switch:
    """The network between n namespaces. Commands: tests/net/script.h."""

    def __init__(self, n, seed):
        if shutil.which("nsenter") is None:
            raise Impossible("no nsenter")
        self.proc = subprocess.Popen(
            [SWITCH, str(n), str(seed)], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.fds, self.addresses, self.user = [], [], False
        for line in self.proc.stdout:
            words = line.split()
            if words[0] == "ready":
                self.user = words[1] == "user"
                return
            self.fds.append(int(words[2]))
            self.addresses.append(words[3])
        why = self.proc.stderr.read().strip()
        code = self.proc.wait()
        self.close()
        if code == IMPOSSIBLE:
            raise Impossible(why)
        raise AssertionError("switch: exit %d: %s" % (code, why))

    def enter(self, i):
        """What to put before a program so that it runs in namespace i."""
        where = "/proc/%d" % self.proc.pid
        user = ["--preserve-credentials", "--user=%s/ns/user" % where]
        return ["nsenter"] + (user if self.user else []) + [
            "--net=%s/fd/%d" % (where, self.fds[i]), "--"]

    def say(self, *words):
        self.proc.stdin.write(" ".join(str(w) for w in words) + "\n")
        self.proc.stdin.flush()
        answer = self.proc.stdout.readline().strip()
        assert answer == "ok" or answer.startswith("{"), (words, answer)
        return answer

    def counters(self, *path):
        return json.loads(self.say("counters", *path))

    def close(self):
        if self.proc.poll() is None:
            self.proc.stdin.close()
            try:
                self.proc.wait(10)
            except subprocess.TimeoutExpired:
                self.proc.kill()
                self.proc.wait()
        for f in (self.proc.stdin, self.proc.stdout, self.proc.stderr):
            f.close()


def wan(switch, n, seed, rtt=(80, 300), rest="loss=1% reorder=1% rate=10mbit"):
    """Draws a round-trip time in ms for each pair; returns them."""
    rnd, drawn = random.Random(seed), {}
    for a in range(n):
        for b in range(a):
            ms = rnd.uniform(*rtt)
            drawn[b, a] = ms
            switch.say("link", a, b, "delay=%.3fms" % (ms / 2),
                       "jitter=%.3fms" % (ms / 40), rest)
    return drawn


class Lab(Consortium):
    """with Lab(4, seed=1) as lab: lab.switch.say(...); lab.start() ...

    mute: members without a listener, whom nobody can dial."""

    def __init__(self, n=4, seed=1, mute=(), **kw):
        self.switch = Switch(n, seed)
        try:
            super().__init__(n, addresses=[
                "" if i in mute else "%s:%d" % (a, PORT)
                for i, a in enumerate(self.switch.addresses)], **kw)
        except BaseException:
            self.switch.close()
            raise
        for i, node in enumerate(self.nodes):
            node.prefix = self.switch.enter(i)

    def __exit__(self, kind, value, trace):
        super().__exit__(kind, value, trace)
        self.switch.close()


def skip(tap, names, why):
    for name in names:
        tap.n += 1
        print("ok %d - %s # SKIP %s" % (tap.n, name, why), flush=True)
