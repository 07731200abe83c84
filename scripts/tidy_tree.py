"""What the rules of tidy look at: a tree of files and a build folder."""
import os
import re

TOP = ("daemon", "proto", "sim", "consensus", "config", "tests")
SKIP_DIRS = {".git", "build", "__pycache__", "corpus"}
# Folders that are one static library each; longest match wins.
LIBRARIES = ("proto", "config", "sim", "consensus", "daemon/node",
             "daemon/trainer", "daemon/cli", "daemon")
# What touches files in consensus/ and the one file of sim/ with threads. Every
# other file of the three pure layers has no clock, socket, file or thread.
SHELL_FILES = re.compile(
    r"^(sim/(\w+/)?pool\.c|consensus/chain/(disk_posix|index|index_books|index_fill|scrub|sql)\.c)$")


def library(path):
    for lib in LIBRARIES:
        if path.startswith(lib + "/"):
            return lib
    return None


def is_pure(path):
    return (path.split("/")[0] in ("proto", "sim", "consensus")
            and not SHELL_FILES.match(path))


def blank(code):
    """code with comments, strings and characters blanked; same line numbers."""
    def cover(match):
        text = match.group(0)
        if text.startswith("/"):
            return re.sub(r"[^\n]", " ", text)
        return text[0] + re.sub(r"[^\n]", "_", text[1:-1]) + text[-1]
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"'
                  r"|'(?:\\.|[^'\\\n])*'", cover, code, flags=re.S)


class Tree:
    def __init__(self, root, build):
        self.root = root
        self.build = build
        self._text = {}

    def walk(self):
        """Every file that could be committed, relative to the root."""
        found = []
        for base, dirs, names in os.walk(self.root):
            dirs[:] = sorted(d for d in dirs if d not in SKIP_DIRS)
            for name in sorted(names):
                path = os.path.join(base, name)
                if os.path.isfile(path) and not os.path.islink(path):
                    found.append(os.path.relpath(path, self.root))
        return found

    def sources(self, ext=(".c", ".h", ".inc")):
        return [p for p in self.walk()
                if p.endswith(ext) and p.split("/")[0] in TOP
                and not p.startswith("tests/data/")]

    def headers(self):
        return self.sources((".h",))

    def texts(self):
        """Text that people wrote: no data, no license."""
        out = []
        for path in self.walk():
            if path.startswith("tests/data/") or path == "LICENSE":
                continue
            ext = os.path.splitext(path)[1]
            if ext in (".c", ".h", ".inc", ".md", ".py", ".sh", ".yaml", ".yml",
                       ".proto", ".txt", ".1", ".5", ".8") \
                    or path in ("Makefile", ".ci/run") \
                    or (path.startswith(("scripts/", "tests/"))
                        and ext == ""):
                out.append(path)
        return out

    def read(self, path):
        if path not in self._text:
            with open(os.path.join(self.root, path), encoding="utf-8",
                      errors="replace") as f:
                self._text[path] = f.read()
        return self._text[path]

    def code(self, path):
        key = (path, "code")
        if key not in self._text:
            self._text[key] = blank(self.read(path))
        return self._text[key]

    def grep(self, paths, pattern, code=False):
        """(path, line number, match) of each hit."""
        regex = re.compile(pattern)
        for path in paths:
            text = self.code(path) if code else self.read(path)
            for num, line in enumerate(text.split("\n"), 1):
                for match in regex.finditer(line):
                    yield path, num, match
