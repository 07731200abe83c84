#!/usr/bin/env python3
"""qmlsim(1) has every command, and under it every option that its usage has,
and no other."""
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
SIM = os.path.join(os.environ.get("QML_BUILD", os.path.join(ROOT, "build")),
                   "qmlsim")


def say(*words):
    return subprocess.run([SIM] + list(words), stdout=subprocess.PIPE,
                          check=True, universal_newlines=True).stdout


def options(text):
    """-o is --out."""
    found = set(re.findall(r"--[a-z][a-z-]*", text))
    if re.search(r"(?<![\w-])-o\b", text):
        found.add("--out")
    return found - {"--help"}


def sections(page):
    """The text under each command; a command may have several headings."""
    with open(page) as f:
        text = f.read().replace("\\-", "-")
    text = text[text.index(".SH COMMANDS"):text.index(".SH EXIT STATUS")]
    found = {}
    name = None
    for line in text.splitlines():
        if line.startswith(".SS "):
            name = line[4:].strip('"').split()[0]
        if name:
            # Another command's option may be spoken of: "run --from-shots".
            found[name] = found.get(name, "") + line + "\n"
    return found


def main():
    commands = re.findall(r"^  (\w+)  +\S", say("help"), re.M)
    commands = [c for c in commands if c not in ("help", "version")]
    page = sections(os.path.join(ROOT, "daemon", "qmlsim.1"))
    print("1..%d" % (len(commands) + 1))
    failed = 0
    for i, c in enumerate(commands, 1):
        want = options(say(c, "--help"))
        # "As above": the options that several commands share by one text.
        have = options(page.get(c, ""))
        more = have - want - ({"--from-shots"} if c == "grad" else set())
        good = c in page and want <= have and not more
        failed += not good
        print("%s %d - %s" % ("ok" if good else "not ok", i, c))
        if not good:
            print("# lacks %s, has %s that is not there" % (
                sorted(want - have), sorted(more)))
    extra = set(page) - set(commands)
    failed += bool(extra)
    print("%s %d - no other commands %s" % (
        "not ok" if extra else "ok", len(commands) + 1, sorted(extra)))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
