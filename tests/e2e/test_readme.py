#!/usr/bin/env python3
"""The shell blocks of README.md run, and its transcripts are what they say.

Ports are replaced by free ones. Transcripts are compared with numbers, ids and
times masked; what a daemon happens to be doing may differ, its label may not.
The block that installs packages is only looked at.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile

from consortium import BUILD, ROOT, Tap, ports_to_try, program, reserve, run

MASK = [(re.compile(r"\bq[a-z]1[0-9a-z]{20,}"), "ID"),
        (re.compile(r"\b[0-9a-f]{8}\.\."), "ID"),
        (re.compile(r"\d+(\.\d+)*"), "N"), (re.compile(r"\s+"), " "),
        (re.compile(r"\bN m?s\b"), "N s"),
        (re.compile(r"\b(idle|training)\b"), "STATE")]


def blocks():
    with open(os.path.join(ROOT, "README.md")) as f:
        text = f.read()
    return re.findall(r"^```(sh|text)\n(.*?)^```", text, re.M | re.S)


def mask(line):
    for pattern, to in MASK:
        line = pattern.sub(to, line)
    return line.strip()


def four_ports():
    """A number N so that N1 to N4 are free."""
    for port in ports_to_try():
        base = port // 10
        if 10 * base + 4 < 65536 and all(
                reserve(10 * base + i) for i in (1, 2, 3, 4)):
            return str(base)
    raise AssertionError("no four free ports")


class Readme:
    def __init__(self, top):
        self.top, self.said = top, []
        self.sh = [text for kind, text in blocks() if kind == "sh"]
        self.text = [text for kind, text in blocks() if kind == "text"]

    def shape(self):
        with open(os.path.join(ROOT, "README.md")) as f:
            lines = f.read().split("\n")
        assert len(lines) <= 320, len(lines)
        assert len(self.sh) >= 3 and len(self.text) >= 3
        for line in self.sh[0].splitlines():
            path = os.path.join(ROOT, line.split()[0])
            assert os.access(path, os.X_OK), path
        for folder in re.findall(r"^\| `(\w+/)` ", "\n".join(lines), re.M):
            assert os.path.isdir(os.path.join(ROOT, folder)), folder

    def by_hand(self):
        os.symlink(BUILD, os.path.join(self.top, "build"))
        os.symlink(os.path.join(ROOT, "tests"),
                   os.path.join(self.top, "tests"))
        script = "set -e\n" + "".join(self.sh[1:]).replace(
            "127.0.0.1:710", "127.0.0.1:" + four_ports())
        assert "127.0.0.1:710" not in script
        p = subprocess.run(["bash", "-c", script], cwd=self.top, text=True,
                           stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                           stderr=subprocess.PIPE, timeout=900, check=False)
        self.said = p.stdout.splitlines()
        assert p.returncode == 0, p.stdout[-2000:] + p.stderr[-2000:]

    def transcript(self, text, said):
        have = {mask(line) for line in said}
        labels = {line.split(" ")[0] for line in have}
        shown = [mask(line) for line in text.splitlines()
                 if line.strip() and line.strip() != "..."]
        for line in shown:
            assert line in have or line.split(" ")[0] in labels, line
        same = sum(1 for line in shown if line in have)
        print("# %d of %d lines the same but for numbers" % (
            same, len(shown)))
        assert same >= 0.7 * len(shown), [s for s in shown if s not in have]

    def demo(self):
        p = run(program("qmlnode"), "demo", "--rounds", "20")
        self.transcript(self.text[0], p.stdout.splitlines())


def main():
    tap, top = Tap(), tempfile.mkdtemp(prefix="qml-readme-")
    try:
        r = Readme(top)
        tap.run("its blocks, scripts and folders are there", r.shape)
        tap.run("the federation by hand runs as written", r.by_hand)
        tap.run("its transcript", lambda: r.transcript(r.text[1], r.said))
        tap.run("the demo's transcript", r.demo)
    finally:
        shutil.rmtree(top)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
