"""A consortium of which one member has a bad disk or a wrong clock.

preload_faults.c does it; a fault is a file in a folder, there as long as the
fault lasts.
"""

import os

from consortium import BUILD, ROOT, Consortium, wait

SHIM = os.path.join(BUILD, "tests/e2e/preload_faults.so")
IRIS = os.path.join(ROOT, "tests/data/datasets/iris.csv")
# What is waited for comes or never does, however slow the machine.
PATIENCE_S = 120


class BadLuck(Consortium):
    """nodes[0] is the unlucky one."""

    def __init__(self, **kw):
        super().__init__(rounds=1000000, data=IRIS, **kw)
        self.odd, self.others = self.nodes[0], self.nodes[1:]
        self.faults = os.path.join(self.dir, "faults")
        os.makedirs(self.faults)
        self.odd.env.update(LD_PRELOAD=SHIM, FAULTS=self.faults,
                            FAULTS_HOME=self.odd.home)
        # A sanitizer's library does not come first then, and says so.
        self.odd.env["ASAN_OPTIONS"] = self.odd.env.get("ASAN_OPTIONS", "") \
            + ":verify_asan_link_order=0"
        self.log_at = 0

    def begin(self, name, text=""):
        """From now on; what is logged before does not count any more."""
        self.mark()
        path = os.path.join(self.faults, name)
        with open(path + ".new", "w") as f:
            f.write(text)
        os.rename(path + ".new", path)

    def end(self, name):
        self.mark()
        os.unlink(os.path.join(self.faults, name))

    def mark(self):
        path = os.path.join(self.odd.home, "log")
        self.log_at = os.path.getsize(path) if os.path.exists(path) else 0

    def said(self):
        with open(os.path.join(self.odd.home, "log"), errors="replace") as f:
            f.seek(self.log_at)
            return f.read()

    def says(self, *texts):
        for text in texts:
            wait("the log says " + text, PATIENCE_S,
                 lambda text=text: text in self.said())

    def others_go_on(self, blocks=2):
        top = max(n.height() for n in self.others)
        self.wait_height(top + blocks, PATIENCE_S, self.others)

    def well(self):
        """All four are at one height again, and nobody signed twice."""
        top = max(n.height() for n in self.others)
        self.wait_height(top + 2, PATIENCE_S)
        wait("it is well", PATIENCE_S,
             lambda: self.odd.call("health")["ok"])
        for n in self.nodes:
            assert n.call("status")["counts"]["equivocations"] == 0
