"""Real daemons on loopback for the benchmarks: founded as operators do it
(init, federation new, add, join, run), watched through the control socket,
scored by qmltrain. Every process started here is ended here."""

import json
import math
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.path.abspath(os.environ.get("QML_BUILD",
                                       os.path.join(ROOT, "build")))
FAST = {"collect": "60s", "straggler": "5m", "heartbeat": "10s",
        "propose": "2s", "prevote": "1s", "precommit": "1s",
        "precision": "100ms", "interval": "10ms"}


class Failure(Exception):
    """A sentence for the person who called the benchmark."""


def program(name):
    return os.path.join(BUILD, name)


def call(*args, **kw):
    """Runs a program to its end; its stdout."""
    p = subprocess.run([str(a) for a in args], stdout=subprocess.PIPE,
                       stderr=subprocess.PIPE, text=True, **kw)
    if p.returncode != 0:
        raise Failure("%s: exit %d\n%s" % (" ".join(map(str, args)),
                                           p.returncode, p.stderr))
    return p.stdout


def train(*args):
    return call(program("qmltrain"), *args)


def allow_one_class(home):
    """A Dirichlet split leaves sites with one class; the bars count them."""
    path = os.path.join(home, "qmlnode.yaml")
    with open(path) as f:
        text = f.read()
    with open(path, "w") as f:
        f.write(text.replace("  #one_class: false", "  one_class: true"))


def free_ports(n):
    socks = [socket.socket() for _ in range(n)]
    for s in socks:
        s.bind(("127.0.0.1", 0))
    ports = [s.getsockname()[1] for s in socks]
    for s in socks:
        s.close()
    return ports


class Rpc:
    """One connection to a control socket."""

    def __init__(self, path):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(30)
        self.sock.connect(path)
        self.file = self.sock.makefile("rwb")

    def call(self, method, **params):
        self.file.write(json.dumps({"jsonrpc": "2.0", "id": 1,
                                    "method": method,
                                    "params": params}).encode() + b"\n")
        self.file.flush()
        while True:
            line = self.file.readline()
            if not line:
                raise Failure("a daemon closed its control socket")
            v = json.loads(line)
            if v.get("id") == 1:
                if "error" in v:
                    raise Failure(v["error"]["message"])
                return v["result"]


class Node:
    def __init__(self, home, name, rows):
        self.home, self.name, self.rows = home, name, rows
        self.proc = self.rpc = None

    def log(self):
        with open(os.path.join(self.home, "log"), errors="replace") as f:
            return f.read()

    def start(self):
        with open(os.path.join(self.home, "log"), "ab") as log:
            self.proc = subprocess.Popen(
                [program("qmlnode"), "run", "--home", self.home],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def connect(self):
        end = time.monotonic() + 60
        while self.rpc is None:
            self.check()
            try:
                self.rpc = Rpc(os.path.join(self.home, "qmlnode.sock"))
            except OSError:
                if time.monotonic() > end:
                    raise Failure("%s does not come up:\n%s" % (
                        self.name, self.log()[-1500:]))
                time.sleep(0.05)

    def check(self):
        if self.proc.poll() is not None:
            raise Failure("%s ended with %d:\n%s" % (
                self.name, self.proc.returncode, self.log()[-1500:]))

    def sent(self):
        peers = self.rpc.call("peers")["peers"]
        return sum(int(p["bytes_out"]) for p in peers)


def seconds_of_children(node):
    """CPU seconds of a daemon and its trainer so far."""
    ticks = 0
    tree = [node.proc.pid]
    for pid in tree:
        try:
            with open("/proc/%d/stat" % pid) as f:
                fields = f.read().rsplit(")", 1)[1].split()
            with open("/proc/%d/task/%d/children" % (pid, pid)) as f:
                tree += [int(p) for p in f.read().split()]
        except OSError:
            continue
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


class Federation:
    """with Federation(...) as f: f.run(rounds); f.score(rows)"""

    def __init__(self, name, rows, schema, job, ranges=None, liars=(),
                 drill=(), keep=None, weights=None):
        """rows: a file a node; schema: the table that columns and labels are
        taken from; job: the lines of the job's group; the nodes with these
        numbers get the drill trainer with these options."""
        self.kept = keep
        self.dir = keep or tempfile.mkdtemp(prefix="qmlnode-bench-")
        os.makedirs(self.dir, exist_ok=True)
        self.file = os.path.join(self.dir, "federation.yaml")
        self.nodes = []
        try:
            self.found(name, rows, schema, job, ranges, weights)
            if liars:
                self.place_liars(liars, drill)
        except Failure:
            self.remove()
            raise

    def remove(self):
        if not self.kept:
            shutil.rmtree(self.dir, ignore_errors=True)

    def found(self, name, rows, schema, job, ranges, weights):
        call(program("qmlnode"), "federation", "new", name, "--data", schema,
             *(("--range", ranges) if ranges else ("--ranges-from-data",)),
             "--rounds", 1, "--local", "--out", self.file)
        for i, port in enumerate(free_ports(len(rows))):
            node = Node(os.path.join(self.dir, "n%d" % i), "n%d" % i, rows[i])
            line = call(program("qmlnode"), "init", "--home", node.home,
                        "--name", node.name, "--listen",
                        "127.0.0.1:%d" % port, "--data",
                        os.path.abspath(rows[i]))
            allow_one_class(node.home)
            call(program("qmlnode"), "federation", "add", self.file,
                 input=line)
            self.nodes.append(node)
        self.edit(job, weights)
        for node in self.nodes:
            call(program("qmlnode"), "join", self.file, "--home", node.home)

    def edit(self, job, weights):
        with open(self.file) as f:
            text = f.read()
        for node, weight in zip(self.nodes, weights or []):
            text, n = re.subn(
                r"(?ms)(^  - name: %s$.*?^    weight: )\d+" % node.name,
                r"\g<1>%d" % weight, text, count=1)
            if n != 1:
                raise Failure("federation.yaml has no weight of %s" %
                              node.name)
        for key, value in FAST.items():
            text, n = re.subn(r"(?m)^(  %s: ).*$" % key, r"\g<1>" + value,
                              text)
            if n != 1:
                raise Failure("federation.yaml has no timing.%s" % key)
        cut = re.search(r"(?m)^job:\n", text)
        if not cut:
            raise Failure("federation.yaml has no job")
        text = text[:cut.end()] + "".join("  %s\n" % l for l in job)
        with open(self.file, "w") as f:
            f.write(text)

    def place_liars(self, liars, drill):
        """The honest rows in a file, which the liars know: the worst case."""
        honest = os.path.join(self.dir, "honest")
        with open(honest, "w") as f:
            for i, node in enumerate(self.nodes):
                if i not in liars:
                    f.write("%s %s\n" % (node.name,
                                         os.path.abspath(node.rows)))
        words = [program("qmltrain"), "drill", "--members", honest,
                 "--any-federation"] + list(drill)
        for node in (self.nodes[i] for i in liars):
            path = os.path.join(node.home, "qmlnode.yaml")
            with open(path) as f:
                text = f.read()
            with open(path, "w") as f:
                f.write(re.sub(
                    r"(?ms)^trainer:\n.*?(?=^\S)", "trainer:\n  command: %s\n"
                    % json.dumps(words) + "  confine: false\n", text + "\n"))

    def __enter__(self):
        for node in self.nodes:
            node.start()
        for node in self.nodes:
            node.connect()
        return self

    def __exit__(self, *_):
        for node in self.nodes:
            if node.proc is None:
                continue
            node.proc.send_signal(signal.SIGTERM)
        for node in self.nodes:
            try:
                node.proc.wait(20)
            except subprocess.TimeoutExpired:
                node.proc.kill()
                node.proc.wait()
        self.remove()

    def rounds(self):
        return int(self.nodes[0].rpc.call("model")["round"])

    def run(self, rounds, limit=3600):
        """Until the job is done everywhere. wall_s: from the opening of the
        first round to the last block, by the blocks' own times; bytes and
        cpu_s of all nodes and trainers, from their start."""
        start = time.monotonic()
        last, moved = self.rounds(), start
        while last < rounds:
            time.sleep(0.2)
            now = self.rounds()
            if now != last:
                last, moved = now, time.monotonic()
            for node in self.nodes:
                node.check()
            if time.monotonic() - moved > 120 or \
                    time.monotonic() - start > limit:
                raise Failure("round %d of %d does not close:\n%s" % (
                    last, rounds, self.nodes[0].log()[-1500:]))
        models = set()
        end = time.monotonic() + 30
        while True:
            models = {n.rpc.call("model")["model"] for n in self.nodes}
            if len(models) == 1 or time.monotonic() > end:
                break
            time.sleep(0.1)
        if len(models) != 1:
            raise Failure("the nodes have different models")
        first, final = (self.nodes[0].rpc.call("round", n=i)
                        for i in (0, rounds - 1))
        wall = final["time_ms"] - first["time_ms"] + first["duration_ms"]
        return {"wall_s": wall / 1000,
                "cpu_s": sum(seconds_of_children(n) for n in self.nodes),
                "bytes": sum(n.sent() for n in self.nodes)}

    def score(self, rows):
        model = os.path.join(self.dir, "model.json")
        with open(model, "w") as f:
            json.dump(self.nodes[0].rpc.call("model"), f)
        return json.loads(train("score", "--federation", self.file, "--data",
                                rows, "--model", model, "--json"))


def mean_std(values):
    m = sum(values) / len(values)
    if len(values) < 2:
        return m, 0.0
    return m, math.sqrt(sum((v - m) ** 2 for v in values) / (len(values) - 1))


def seed_hex(*words):
    """A job's seed from numbers and names, the same on every machine."""
    import hashlib
    return hashlib.sha256(" ".join(map(str, words)).encode()).hexdigest()
