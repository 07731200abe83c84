"""Rules that need nothing but the text of the files."""
import os
import re

from tidy_tree import library

MAY_INCLUDE = {
    "proto": {"proto"},
    "config": {"config", "proto"},
    "consensus": {"consensus", "proto"},
    "sim": {"sim"},
    "daemon/node": {"daemon", "config", "consensus", "proto"},
    "daemon": {"daemon", "config", "consensus", "sim", "proto"},
    "tests/proto": {"proto"},
    "tests/config": {"config", "proto"},
    "tests/consensus": {"consensus", "proto"},
    "tests/cluster": {"consensus", "proto"},
    "tests/sim": {"sim"},
    "tests": {"daemon", "config", "consensus", "sim", "proto"},
}
# A library spreads over many files by its nature: the event loop.
# Two codecs share one generated header; protobuf() below says which.
EVERYWHERE = {("daemon/node", "uv.h"), ("proto", "proto/qml.pb-c.h")}
THIRD_PARTY = re.compile(
    r"^(sodium|nng/|uv\.h|sqlite3|yaml|jansson|cblas|lapacke|zlib|libsvm/|"
    r"microhttpd|protobuf-c|proto/qml\.pb-c)")
BANNED = ("strcpy strcat sprintf vsprintf gets atoi atol atof rand srand "
          "alloca system setjmp longjmp strtok uv_strerror uv_err_name").split()
WIRE_FILES = ("proto/wire.c", "proto/trainwire.c", "proto/container.c")


def layer_of(path, table):
    parts = path.split("/")
    for n in (2, 1):
        key = "/".join(parts[:n])
        if len(parts) > n and key in table:
            return key
    return None


def layers(tree):
    paths, found = tree.sources(), []
    for path, num, m in tree.grep(paths, r'^\s*#\s*include\s+"([^"]+)"'):
        name = m.group(1)
        layer = layer_of(path, MAY_INCLUDE) or ""
        top = name.split("/")[0]
        at = "%s:%d" % (path, num)
        if "/" not in name and path.startswith("tests/"):
            near = os.path.join(tree.root, os.path.dirname(path), name)
            if not os.path.exists(near):    # a test's neighbour may be short
                found.append('%s: "%s" is not beside the test' % (at, name))
        elif "/" not in name:
            found.append('%s: "%s" does not name its folder' % (at, name))
        elif name == "gen/version.h" and layer.startswith("daemon"):
            pass
        elif top == "tests":
            if not path.startswith("tests/"):
                found.append("%s: %s includes a test" % (at, path))
        elif top not in MAY_INCLUDE.get(layer, ()):
            found.append("%s: %s/ may not include %s" % (at, layer, name))
    return len(paths), found


def guards(tree):
    paths, found = tree.headers(), []
    for path in paths:
        want = "QML_" + re.sub(r"[^A-Za-z0-9]", "_", path).upper()
        m = re.search(r"^#ifndef (\w+)\s*\n#define (\w+)\s*$",
                      tree.code(path), re.M)
        if not m or m.group(1) != want or m.group(2) != want:
            found.append("%s:1: the guard must be %s" % (path, want))
    return len(paths), found


def banned(tree):
    paths, found = tree.sources(), []
    pattern = r"(?<![\w.>])(%s)\s*\(" % "|".join(BANNED)
    for path, num, m in tree.grep(paths, pattern, code=True):
        found.append("%s:%d: %s is banned" % (path, num, m.group(1)))
    for path, num, m in tree.grep(
            paths, r"\btypedef\s+(struct|enum|union)\b", code=True):
        found.append("%s:%d: typedef hides a %s" % (path, num, m.group(1)))
    tests = [p for p in paths if p.startswith("tests/")]
    for path, num, m in tree.grep(tests, r"\b(u?sleep)\s*\(", code=True):
        found.append("%s:%d: a test may not %s" % (path, num, m.group(1)))
    more = paths + [p for p in tree.walk() if p == "Makefile"]
    for path, num, m in tree.grep(more, r"(-D|define\s+)NDEBUG"):
        found.append("%s:%d: NDEBUG is never defined" % (path, num))
    return len(paths), found


def one_file(tree):
    """(library, header) -> files that include it."""
    users = {}
    for path, _, m in tree.grep(tree.sources(),
                                r'^\s*#\s*include\s+[<"]([^>"]+)[>"]'):
        lib, name = library(path), m.group(1)
        if lib is None or not THIRD_PARTY.match(name):
            continue
        if name.startswith("nng/"):
            name = "nng"
        if (lib, name) not in EVERYWHERE:
            users.setdefault((lib, name), set()).add(path)
    return users


def protobuf(tree):
    paths, found = tree.sources(), []
    for path, num, m in tree.grep(
            paths, r'pb-c\.h|protobuf-c|\b[Qq]ml__\w+|\bQML__\w+'):
        if path not in WIRE_FILES:
            found.append("%s:%d: protobuf types stay in %s" % (
                path, num, " ".join(WIRE_FILES)))
    return len(paths), found


def markers(tree):
    paths, found = tree.texts(), []
    paths = [p for p in paths if not p.startswith("scripts/tidy")]
    fix, do = "FIX" + "ME", "TO" + "DO"
    for path, num, _ in tree.grep(paths, r"\b%s\b" % fix):
        found.append("%s:%d: %s cannot be merged" % (path, num, fix))
    for path, num, _ in tree.grep(paths, r"\b%s\b(?!\(#\d+\))" % do):
        found.append("%s:%d: a %s names its issue: %s(#12)" % (
            path, num, do, do))
    return len(paths), found


def prose(tree):
    paths, found = tree.texts(), []
    for path, num, _ in tree.grep(paths, "\u2014|\u2013 "):
        found.append("%s:%d: a dash that a keyboard lacks" % (path, num))
    for path, num, _ in tree.grep(paths, r"[ \t]+$"):
        found.append("%s:%d: space at the end of the line" % (path, num))
    for path in paths:
        text = tree.read(path)
        if text and not text.endswith("\n"):
            found.append("%s: no newline at the end" % path)
    return len(paths), found


def places(tree):
    """No path of one person's machine; public data come by QML_DATA_DIR."""
    paths = [p for p in tree.texts() if not p.startswith("scripts/tidy")]
    found = []
    for path, num, m in tree.grep(
            paths, r"(?<![\w.$}~-])/(wo" r"rk|root|tmp/plan)(?=[/\s\"')]|$)"):
        found.append("%s:%d: %s/ is a path of one machine" % (
            path, num, m.group(0)))
    for path, num, m in tree.grep(paths, r"\.\./sha" r"red\b"):
        if path != ".ci/run":
            found.append("%s:%d: only .ci/run may name %s" % (
                path, num, m.group(0)))
    return len(paths), found


def readmes(tree):
    found, seen = [], 0
    for path in tree.walk():
        if os.path.basename(path) == "README.md" and "/" in path:
            seen += 1
            lines = tree.read(path).count("\n")
            if lines > 60:
                found.append("%s: %d lines, at most 60" % (path, lines))
    tops = {p.split("/")[0] for p in tree.sources()}
    for top in sorted(tops):
        seen += 1
        if not os.path.exists(os.path.join(tree.root, top, "README.md")):
            found.append("%s/README.md: is missing" % top)
    return seen, found


RULES = [
    ("layers", "a lower layer never includes a higher one", layers),
    ("guards", "header guards are QML_ and the path", guards),
    ("banned", "functions and habits that may not be used", banned),
    ("protobuf", "generated types never leave wire.c", protobuf),
    ("markers", "open ends name an issue", markers),
    ("prose", "plain dashes, no trailing space, final newline", prose),
    ("places", "no path of one machine in the tree", places),
    ("readmes", "each folder has a README of at most 60 lines", readmes),
]
