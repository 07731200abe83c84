"""Sizes, as a ratchet: today's offenders are listed and may only shrink."""
import os
import re

import tidy_text

LIMITS = {
    "header-lines": 150,
    "source-lines": 600,
    "function-lines": 70,
    "parameters": 5,
    "nesting": 3,
    "columns": 80,
    "includers": 1,     # files of one library that include one foreign header
}
RATCHET = "scripts/tidy-ratchet.txt"
TOKEN = re.compile(r"[A-Za-z_]\w*|[{}()\[\];:?]|[^\sA-Za-z_{}()\[\];:?]+")
LOOPS = ("if", "for", "while", "switch")


class Body:
    """The statements of one function; depth counts the control statements
    around a statement, whether or not they have braces."""

    def __init__(self, code):
        self.tok = TOKEN.findall(code)
        self.at = 0
        self.deepest = 0

    def peek(self):
        return self.tok[self.at] if self.at < len(self.tok) else ""

    def group(self):
        """Step over one (...), {...} or [...] with all that is inside."""
        level = 0
        while self.at < len(self.tok):
            t = self.tok[self.at]
            self.at += 1
            level += (t in "({[") - (t in ")}]")
            if level == 0:
                return

    def inner(self, depth):
        self.deepest = max(self.deepest, depth)
        self.statement(depth)

    def expression(self):
        """Up to the semicolon; an upper-case or foreach macro with a block
        behind its parentheses is a loop."""
        while self.at < len(self.tok):
            t = self.peek()
            if t == ";":
                self.at += 1
                return
            if t in ("(", "{", "["):
                self.group()
            elif t == "}":
                return
            elif t == ":":
                self.at += 1
                if "?" not in self.tok[self.start:self.at]:
                    return
            else:
                self.at += 1

    def statement(self, depth):
        t = self.peek()
        self.start = self.at
        if t == "{":
            self.at += 1
            while self.peek() not in ("}", ""):
                before = self.at
                self.statement(depth)
                if self.at == before:
                    self.at += 1
            self.at += 1
        elif t in LOOPS:
            self.at += 1
            self.group()
            self.inner(depth + 1)
            if t == "if" and self.peek() == "else":
                self.at += 1
                if self.peek() == "if":
                    self.statement(depth)
                else:
                    self.inner(depth + 1)
        elif t == "do":
            self.at += 1
            self.inner(depth + 1)
            self.expression()
        elif self.is_macro_loop():
            self.at += 1
            self.group()
            self.inner(depth + 1)
        else:
            self.expression()

    def is_macro_loop(self):
        if not re.match(r"[A-Za-z_]\w*$", self.peek()) \
                or self.at + 1 >= len(self.tok) \
                or self.tok[self.at + 1] != "(":
            return False
        keep = self.at
        self.at += 1
        self.group()
        loop = self.peek() == "{"
        self.at = keep
        return loop


def nesting(code):
    body = Body(code)
    body.statement(0)
    return body.deepest


def signature(lines, brace):
    """(name, number of parameters) of the definition whose { is alone on
    line brace; None when that is no function."""
    first = brace
    while first > 0 and lines[first - 1].strip() \
            and not lines[first - 1].rstrip().endswith((";", "}", "*/")) \
            and not lines[first - 1].startswith("#"):
        first -= 1
    text = " ".join(lines[first:brace])
    m = re.search(r"([A-Za-z_]\w*)\s*\(", text)
    if not m or re.search(r"\b(struct|enum|union)\s+\w+\s*$", text):
        return None
    level, commas, i, inside = 0, 0, m.end() - 1, ""
    while i < len(text):
        c = text[i]
        level += (c in "([") - (c in ")]")
        commas += c == "," and level == 1
        inside += c
        i += 1
        if level == 0:
            break
    empty = inside.strip("() \t") in ("", "void")
    return m.group(1), 0 if empty else commas + 1


def functions(code):
    """(name, first line, lines, parameters, nesting) of each function."""
    lines = code.split("\n")
    start = None
    for num, line in enumerate(lines):
        if line.startswith("{") and start is None:
            start = num
        elif line.startswith("}") and start is not None:
            sig = signature(lines, start)
            if sig:
                yield (sig[0], start + 1, num - start + 1, sig[1],
                       nesting("\n".join(lines[start:num + 1])))
            start = None


def measure(tree):
    """(metric, name) -> (value, where) of all that can be too large."""
    seen = {}
    for path in tree.sources():
        text = tree.read(path)
        kind = "header-lines" if path.endswith(".h") else "source-lines"
        seen[kind, path] = (text.count("\n"), path)
        wide = [(len(row.expandtabs(8)), num) for num, row
                in enumerate(text.split("\n"), 1)]
        width, num = max(wide)
        seen["columns", path] = (width, "%s:%d" % (path, num))
        for name, line, length, params, depth in functions(tree.code(path)):
            key, at = "%s:%s" % (path, name), "%s:%d" % (path, line)
            seen["function-lines", key] = (length, at)
            seen["parameters", key] = (params, at)
            seen["nesting", key] = (depth, at)
        for name, line, params in prototypes(tree.code(path)):
            seen["parameters", "%s:%s" % (path, name)] = (
                params, "%s:%d" % (path, line))
    for (lib, header), users in tidy_text.one_file(tree).items():
        seen["includers", "%s:%s" % (lib, header)] = (
            len(users), " ".join(sorted(users)))
    return seen


def prototypes(code):
    """(name, line, parameters) of what a file declares at its left edge."""
    for m in re.finditer(r"^(?!static|typedef)[a-z][^\n;{}()]*?(\w+)\("
                         r"([^;{}]*?)\)\s*(?:__attribute__[^;]*)?;",
                         code, re.M):
        level, commas = 0, 0
        for c in m.group(2):
            level += (c in "([") - (c in ")]")
            commas += c == "," and level == 0
        yield (m.group(1), code.count("\n", 0, m.start()) + 1,
               0 if m.group(2).strip() in ("", "void") else commas + 1)


def read_ratchet(tree):
    listed = {}
    path = os.path.join(tree.root, RATCHET)
    if os.path.exists(path):
        with open(path, encoding="utf-8") as f:
            for row in f:
                part = row.split("#")[0].split()
                if len(part) == 3:
                    listed[part[0], part[1]] = int(part[2])
    return listed


def size(tree):
    seen, listed, found = measure(tree), read_ratchet(tree), []
    for (metric, name), (value, where) in sorted(seen.items()):
        old = listed.pop((metric, name), None)
        limit = LIMITS[metric]
        if value > max(limit, old or 0):
            found.append("%s: %s %d, at most %d%s" % (
                where, metric, value, max(limit, old or 0),
                " (%s)" % name.split(":")[1] if ":" in name else ""))
        elif old is not None and value < old:
            found.append("%s: %s is %d now, the ratchet says %d: run "
                         "scripts/tidy --ratchet" % (name, metric, value, old))
    for metric, name in sorted(listed):
        found.append("%s: %s: the ratchet lists what is gone: run "
                     "scripts/tidy --ratchet" % (name, metric))
    return len(seen), found


def lower_ratchet(tree):
    """Rewrite the list; entries only shrink or go, none is added."""
    seen, listed = measure(tree), read_ratchet(tree)
    path = os.path.join(tree.root, RATCHET)
    with open(path, encoding="utf-8") as f:
        head = [row for row in f if row.startswith("#")]
    rows = []
    for (metric, name), old in sorted(listed.items()):
        value = min(old, seen.get((metric, name), (0, ""))[0])
        if value > LIMITS[metric]:
            rows.append("%s %s %d\n" % (metric, name, value))
    with open(path, "w", encoding="utf-8") as f:
        f.writelines(head + rows)
    print("%d entries, there were %d" % (len(rows), len(listed)))
    return 0


RULES = [("size", "files, functions, nesting, columns; a ratchet", size)]
