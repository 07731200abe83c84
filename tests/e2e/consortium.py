"""A federation of real daemons on loopback, for the e2e tests.

Founded as an operator does it: init, federation new and add, join, run. Every
process that is started here is ended here; nothing else is ever signalled.
"""

import json
import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
BUILD = os.path.abspath(os.environ.get("QML_BUILD", os.path.join(ROOT, "build")))
DIGITS = os.path.join(ROOT, "tests/data/datasets/digits.csv")
# Nothing is waited for less than this, and all that hangs is ended by it: how
# fast a machine is, or how busy, is no fault.
PATIENCE = 180


def program(name):
    return os.path.join(BUILD, name)


def run(*args, code=0, **kw):
    """Runs a program to its end and checks its exit status."""
    p = subprocess.run([str(a) for a in args], stdout=subprocess.PIPE,
                       stderr=subprocess.PIPE, text=True, timeout=3 * PATIENCE, **kw)
    if code is not None and p.returncode != code:
        raise AssertionError("%s: exit %d, wanted %d\n%s%s" % (
            " ".join(map(str, args)), p.returncode, code, p.stdout, p.stderr))
    return p


HELD = []  # sockets whose names say which ports are ours while we run


def ports_to_try():
    """Not those that the kernel gives to outgoing connections: between our
    look and the daemon's listening one of these might sit on the port."""
    with open("/proc/sys/net/ipv4/ip_local_port_range") as f:
        low, high = map(int, f.read().split())
    ports = [p for p in range(10000, 65536) if not low <= p <= high]
    if len(ports) < 1000:
        ports = list(range(10000, 65536))
    random.SystemRandom().shuffle(ports)
    return ports


def reserve(port):
    """No other test takes the port, and nobody listens there."""
    name = socket.socket(socket.AF_UNIX)
    try:
        name.bind("\0qmlnode-test-port-%d" % port)
        with socket.socket() as s:
            s.bind(("127.0.0.1", port))
    except OSError:
        name.close()
        return False
    HELD.append(name)
    return True


def free_ports(n):
    ports = []
    for port in ports_to_try():
        if len(ports) == n:
            return ports
        if reserve(port):
            ports.append(port)
    raise AssertionError("no %d free ports" % n)


def wait(what, seconds, check):
    """The first true value of check(); fails when there is none in time, which
    is PATIENCE or more."""
    seconds = max(seconds, PATIENCE)
    end = time.monotonic() + seconds
    while True:
        value = check()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError("not in %g s: %s" % (seconds, what))
        time.sleep(0.02)


class Rpc:
    """One connection to a control socket."""

    def __init__(self, path):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(PATIENCE)
        self.sock.connect(path)
        self.file = self.sock.makefile("rwb")
        self.id = 0

    def call(self, method, **params):
        self.id += 1
        self.file.write(json.dumps({
            "jsonrpc": "2.0", "id": self.id, "method": method,
            "params": params}).encode() + b"\n")
        self.file.flush()
        while True:
            line = self.file.readline()
            if not line:
                raise ConnectionError("the daemon closed the socket")
            v = json.loads(line)
            if v.get("id") == self.id:
                if "error" in v:
                    raise RuntimeError(v["error"]["message"])
                return v["result"]

    def close(self):
        try:
            self.file.close()
        except OSError:
            pass  # what was not sent yet, to who hung up
        self.sock.close()


class Node:
    def __init__(self, name, home, port):
        self.name, self.home, self.port = name, home, port
        self.proc = None
        self.env = dict(os.environ)
        self.args = []
        self.prefix = []  # what runs the daemon
        self.fellows = [self]  # of its consortium

    def configure(self, old, new):
        """Edits qmlnode.yaml."""
        path = os.path.join(self.home, "qmlnode.yaml")
        with open(path) as f:
            text = f.read()
        assert old in text, (old, text)
        with open(path, "w") as f:
            f.write(text.replace(old, new))

    def start(self):
        log = open(os.path.join(self.home, "log"), "ab")
        self.proc = subprocess.Popen(
            self.prefix + [program("qmlnode"), "run", "--home", self.home] +
            self.args, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            env=self.env)
        log.close()

    def kill(self):
        """Ends the daemon and, with it, its trainer (end of its stdin)."""
        self.proc.send_signal(signal.SIGKILL)
        self.proc.wait()
        self.proc = None

    def stop(self):
        if self.proc is None:
            return 0
        self.proc.send_signal(signal.SIGTERM)
        try:
            code = self.proc.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.proc.kill()
            code = self.proc.wait()
        self.proc = None
        return code

    def log(self):
        with open(os.path.join(self.home, "log"), errors="replace") as f:
            return f.read()

    def rpc(self):
        def connect():
            if self.proc is not None and self.proc.poll() is not None:
                raise AssertionError("%s ended with %d:\n%s" % (
                    self.name, self.proc.returncode, self.log()[-2000:]))
            try:
                return Rpc(os.path.join(self.home, "qmlnode.sock"))
            except OSError:
                return None
        return wait("socket of " + self.name, PATIENCE, connect)

    def call(self, method, **params):
        rpc = self.rpc()
        try:
            return rpc.call(method, **params)
        finally:
            rpc.close()

    def height(self):
        return self.call("status")["height"]

    def level(self):
        """Waits until it has what any other has now, so that it knows of what
        was done at another one before. Returns itself."""
        top = max(n.height() for n in self.fellows if n.proc is not None)
        wait("%s at height %d" % (self.name, top), PATIENCE,
             lambda: self.height() >= top)
        return self


PATIENT = "30s"


def timing(text, collect):
    """Collection as said; the straggler time is never shorter."""
    if collect == "2s":
        return text
    for key, old, new in (
            ("collect", "2s", collect),
            ("straggler", "10s", "60s" if collect == PATIENT else "10s")):
        assert "\n  %s: %s" % (key, old) in text, text
        text = text.replace("\n  %s: %s" % (key, old),
                            "\n  %s: %s" % (key, new))
    return text


class Consortium:
    """with Consortium(4, rounds=50) as c: c.start() ..."""

    names = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta",
             "theta", "iota", "kappa", "lambda", "mu", "nu", "xi", "omicron",
             "pi"]

    def __init__(self, n=4, rounds=1000, data=DIGITS, edit=None, seed=1,
                 collect="2s", addresses=None, mode="label-skew"):
        """A round closes when all have answered, or after `collect`: where
        every member's update has to be in, PATIENT; where one is down, short.
        addresses: what each listens on, host:port, "" for a member that only
        dials; else ports of the loopback. mode: how the rows are dealt."""
        self.dir = tempfile.mkdtemp(prefix="qmlnode-e2e-")
        self.nodes = []
        self.file = os.path.join(self.dir, "federation.yaml")
        rows = os.path.join(self.dir, "rows")
        run(program("qmltrain"), "split", "--data", data, "--nodes", n,
            "--mode", mode, "--seed", seed, "--out", rows)
        run(program("qmlnode"), "federation", "new", "e2e", "--data", data,
            "--ranges-from-data", "--rounds", rounds, "--local", "--out",
            self.file)
        if addresses is None:
            addresses = ["127.0.0.1:%d" % p for p in free_ports(n)]
        for i, address in enumerate(addresses):
            node = Node(self.names[i], os.path.join(self.dir, self.names[i]),
                        int(address.rpartition(":")[2] or 0))
            p = run(program("qmlnode"), "init", "--home", node.home, "--name",
                    node.name, "--listen", address, "--data",
                    os.path.join(rows, "node%d.csv" % i))
            run(program("qmlnode"), "federation", "add", self.file,
                input=p.stdout)
            self.nodes.append(node)
            node.fellows = self.nodes
        with open(self.file) as f:
            text = f.read()
        text = timing(edit(text) if edit else text, collect)
        with open(self.file, "w") as f:
            f.write(text)
        for node in self.nodes:
            run(program("qmlnode"), "join", self.file, "--home", node.home)

    def start(self):
        for node in self.nodes:
            node.start()

    def stop(self):
        return [node.stop() for node in self.nodes]

    def heights(self):
        return [node.height() for node in self.nodes]

    def wait_height(self, h, seconds=PATIENCE, nodes=None):
        for node in nodes or self.nodes:
            wait("%s at height %d" % (node.name, h), seconds,
                 lambda node=node: node.height() >= h)

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        for node in self.nodes:
            if node.proc is not None:
                node.proc.kill()
                node.proc.wait()
        if kind is not None:
            for node in self.nodes:
                try:
                    print("# log of %s: %s" % (
                        node.name, node.log()[-700:].replace("\n", "\n# ")))
                except OSError:
                    pass
        shutil.rmtree(self.dir, ignore_errors=True)


class Tap:
    """Lines that the runner counts."""

    def __init__(self):
        self.failed = 0
        self.n = 0

    def run(self, name, test):
        self.n += 1
        try:
            test()
        except Exception as e:  # every failure is a line, not a stop
            self.failed += 1
            text = "%s: %s" % (type(e).__name__, e)
            print("not ok %d - %s\n# %s" % (
                self.n, name, text.replace("\n", "\n# ")), flush=True)
        else:
            print("ok %d - %s" % (self.n, name), flush=True)

    def done(self):
        print("1..%d" % self.n, flush=True)
        return 1 if self.failed else 0
