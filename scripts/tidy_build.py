"""Rules that ask the compiler, the linker's tables and the clang tools."""
import concurrent.futures
import glob
import hashlib
import os
import re
import subprocess

from tidy_tree import is_pure

CFLAGS = ["-std=c11", "-D_POSIX_C_SOURCE=200809L", "-I."]
CLANG_FORMAT = "clang-format-14"
CLANG_TIDY = "clang-tidy-14"

LIBC = (r"mem(cpy|move|set|cmp|chr)|str(n?len|n?cmp|r?chr|c?spn|str)"
        r"|strto(u?ll?|u?max|d)|v?snprintf|malloc|calloc|realloc|free"
        r"|aligned_alloc|qsort|bsearch|abort|__assert_fail|__stack_chk_fail"
        r"|__(mem(cpy|move|set)|v?snprintf)_chk|__errno_location"
        r"|explicit_bzero|__ctype_b_loc|_GLOBAL_OFFSET_TABLE_"
        r"|__u?(div|mod|divmod)ti[34]")     # 128-bit division of libgcc

# Keys come from a seed or from the caller, never from a source of randomness.
SODIUM = (r"(?!crypto_\w*(?<!_seed)_keypair$|crypto_\w*keygen$)crypto_\w+"
          r"|sodium_(init|memzero|memcmp|malloc|free|mlock|munlock"
          r"|mprotect_\w+"
          r"|bin2hex|hex2bin|is_zero|increment|compare|bin2base64"
          r"|base642bin|base64_encoded_len)")
# What pure code may call outside our own libraries.
PURE_CALLS = {
    "proto": LIBC + "|" + SODIUM + r"|protobuf_c_\w+",
    # __cpu_*: which instructions this CPU has; the results do not depend on it.
    "consensus": LIBC + r"|__cpu_(model|indicator_init)",
    # glibc's exp and sin change bits between CPUs; these four do not.
    "sim": LIBC + r"|sqrt|fma|fabs|floor|inflate\w*"
           r"|__cpu_(model|indicator_init)",
}
ANALYSIS = {
    "sim/learn/linalg.c": r"cblas_\w+|LAPACKE_\w+|openblas_\w+",
    "sim/learn/svm.c": r"svm_\w+",
}
OWN_LIBRARIES = {
    "proto": ("proto",),
    "consensus": ("consensus", "proto"),
    "sim": ("sim",),
}
# NNG 1.5.2: the byte streams are sound; SP sockets, HTTP and WebSocket
# servers and nng_msg_insert are not (daemon/node/README.md).
NNG_ALLOWED = re.compile(
    r"nng_(stream_\w+|aio_\w+|url_\w+|strerror|alloc|free|strdup|strfree"
    r"|version|fini|sleep_aio|closeall)$")


def run(args, cwd):
    done = subprocess.run(args, cwd=cwd, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    return done.returncode, done.stdout.decode("utf-8", "replace")


def each(paths, func):
    """func(path) -> list of findings, a few at a time."""
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        return [hit for hits in pool.map(func, paths) for hit in hits]


def gen_dir(tree):
    return ["-isystem", os.path.join(tree.build, "gen")]


def complaints(text, tree):
    return [row.replace(tree.root + "/", "") for row in text.split("\n")
            if re.search(r": (fatal )?(error|warning):", row)]


def headers_alone(tree):
    paths = tree.headers()

    def check(path):
        code, text = run(["gcc", "-fsyntax-only", "-Wall", "-Wextra",
                          "-Wpedantic", "-Werror", "-x", "c"] + CFLAGS
                         + gen_dir(tree) + [path], tree.root)
        return (complaints(text, tree) or [path + ": " + text]) if code else []
    return len(paths), each(paths, check)


def format_rule(tree):
    paths = tree.sources()

    def check(path):
        code, text = run([CLANG_FORMAT, "--dry-run", "-Werror",
                          "--ferror-limit=2", path], tree.root)
        return (complaints(text, tree) or [text]) if code else []
    return len(paths), each(paths, check)


def clang_tidy(tree):
    """Cached by the preprocessed text, the flags and the settings."""
    # The examples are a user's: they include the installed header.
    paths = [p for p in tree.sources((".c",))
             if not p.startswith("tests/examples/")]
    config = os.path.join(tree.root, ".clang-tidy")
    cache = os.path.join(tree.build, "tidy-cache")
    os.makedirs(cache, exist_ok=True)
    with open(config, "rb") as f:
        settings = f.read() + " ".join(CFLAGS).encode()

    def check(path):
        flags = CFLAGS + gen_dir(tree)
        if re.search(r"_avx2\.c$", path):
            flags = flags + ["-mavx2", "-mfma"]
        if re.search(r"_avx512\.c$", path):
            flags = flags + ["-mavx512f", "-mavx512dq", "-mfma"]
        code, text = run(["gcc", "-E"] + flags + [path], tree.root)
        if code:
            return complaints(text, tree)
        mark = os.path.join(cache, hashlib.sha256(
            settings + text.encode()).hexdigest())
        if os.path.exists(mark):
            return []
        code, text = run([CLANG_TIDY, "--quiet", "--warnings-as-errors=*",
                          path, "--"] + flags, tree.root)
        if code:
            return complaints(text, tree) or [path + ": " + text[-500:]]
        open(mark, "w").close()
        return []
    return len(paths), each(paths, check)


def symbols(args, files, cwd):
    """name of file or member -> symbols that nm prints."""
    out, name = {}, None
    text = run(["nm", "-A"] + args + files, cwd)[1]
    for row in text.split("\n"):
        m = re.match(r"(.*?):\s*([0-9a-f]+ )?\s*([A-Za-z]) (\S+)$", row)
        if m:
            out.setdefault(m.group(1), set()).add(m.group(4).split("@")[0])
    return out


def purity(tree):
    obj = os.path.join(tree.build, "obj")
    sources = [p for p in tree.sources((".c",)) if is_pure(p)]
    found, objects = [], {}
    for path in sources:
        o = os.path.join(obj, path[:-2] + ".o")
        if os.path.exists(o):
            objects[path] = o
        else:
            found.append("%s: is not built, so not looked at" % path)
    if not objects:
        return 0, found
    defined = symbols(["--defined-only", "--extern-only"],
                      list(objects.values()), tree.root)
    # The thread pool is not pure but its users may be: the way work is cut
    # does not depend on the number of threads.
    pools = glob.glob(os.path.join(obj, "sim", "**", "pool.o"), recursive=True)
    generated = os.path.join(obj, "gen", "qml.pb-c.o")
    own = {}
    for path, o in objects.items():
        own.setdefault(path.split("/")[0], set()).update(defined.get(o, ()))
    if os.path.exists(generated):
        own.setdefault("proto", set()).update(*symbols(
            ["--defined-only"], [generated], tree.root).values())
    if pools:
        own.setdefault("sim", set()).update(*symbols(
            ["--defined-only", "--extern-only"], pools, tree.root).values())
    wanted = symbols(["--undefined-only"], list(objects.values()), tree.root)
    for path, o in sorted(objects.items()):
        layer = path.split("/")[0]
        calls = PURE_CALLS[layer]
        if path in ANALYSIS:
            calls += "|" + ANALYSIS[path]
        ours = set().union(*(own.get(x, set()) for x in OWN_LIBRARIES[layer]))
        for name in sorted(wanted.get(o, ())):
            if name not in ours and not re.match("(%s)$" % calls, name):
                found.append("%s: pure code may not use %s" % (path, name))
    return len(objects), found


def programs(tree):
    """What the finished programs may not contain."""
    found, seen = [], 0
    tables = {}
    for name in ("qmlnode", "qmltrain", "qmlctl", "qmlsim"):
        path = os.path.join(tree.build, name)
        if os.path.exists(path):
            seen += 1
            tables[name] = set().union(*symbols(
                ["-D", "--undefined-only"], [path], tree.root).values())
    if "qmlnode" not in tables:
        return 0, ["qmlnode: is not built, so not looked at"]
    for sym in sorted(tables["qmlnode"]):
        if sym.startswith("nng_") and not NNG_ALLOWED.match(sym):
            found.append("qmlnode: uses %s of NNG" % sym)
        if re.match(r"(cblas|LAPACKE|openblas|svm)_", sym):
            found.append("qmlnode: links BLAS (%s)" % sym)
    net = (r"nng_\w+|connect|bind|listen|accept4?|getaddrinfo"
           r"|uv_(tcp|udp|pipe|getaddrinfo)\w*")
    for name, pattern in (("qmltrain", net), ("qmlsim", net + "|socket"),
                          # It checks signatures of others and makes none.
                          ("qmlctl", r"nng_\w+|sqlite3_\w+|crypto_(sign|box"
                           r"|secretbox|scalarmult|aead|kx)_"
                           r"(?!ed25519_verify_detached$)\w+")):
        for sym in sorted(tables.get(name, ())):
            if re.match("(%s)$" % pattern, sym):
                found.append("%s: may not use %s" % (name, sym))
    # The trainer may try socket(), to show that it is confined, and only there.
    trainer = glob.glob(os.path.join(tree.build, "obj/daemon/trainer/*.o"))
    for obj in trainer:
        name = os.path.basename(obj)
        if name != "confine_test.o" and "socket" in set().union(*symbols(
                ["--undefined-only"], [obj], tree.root).values()):
            found.append("qmltrain: %s may not use socket" % name)
    libsim = os.path.join(tree.build, "lib", "libsim.a")
    if os.path.exists(libsim):
        sim = set().union(*symbols(["--defined-only", "--extern-only"],
                                   [libsim], tree.root).values())
        node = set().union(*symbols(
            ["--defined-only", "--extern-only"],
            [os.path.join(tree.build, "qmlnode")], tree.root).values())
        for sym in sorted(sim & node):
            found.append("qmlnode: contains %s of the simulator" % sym)
    return seen, found


RULES = [
    ("headers", "each header compiles alone", headers_alone),
    ("purity", "pure objects call only what the allow-list names", purity),
    ("programs", "no BLAS, SP sockets or networks where none belong",
     programs),
    ("format", "clang-format 14 agrees", format_rule),
    ("clang-tidy", "the checks of .clang-tidy", clang_tidy),
]
