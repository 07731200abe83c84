"""Violations for the self-test of scripts/tidy: rule -> [(files, wanted)].

files maps a path to its text; a path that ends in .o or names a program in
build/ is compiled from the text. wanted must occur in one finding; None marks
a good sample, which must be looked at and pass.
"""
import os
import shutil
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
CONFIGS = (".clang-format", ".clang-tidy")

GUARD = "#ifndef QML_PROTO_X_H\n#define QML_PROTO_X_H\n%s\n#endif\n"
LONG = "int\nf(void)\n{\n%s\treturn 0;\n}\n"
DEEP = """int
f(int a)
{
	if (a)
		for (; a; a--) {
			while (a > 3)
				%s
		}
	return a;
}
"""
FIVE = "int f(int a, int b, int c, int d, int e%s);\n"
ONE, TWO = "#include <sodium.h>\n", "#include <sodium/utils.h>\n"
RATCHET = "scripts/tidy-ratchet.txt"
DASH = b"\xe2\x80\x94".decode()
NODE = "build/qmlnode"
GOOD_NODE = ("void nng_stream_send(void); int main(void);"
             "int main(void) { nng_stream_send(); return 0; }")
NNG_BAD = "void %s(void); int f(void); int f(void) { %s(); return 0; }"

SAMPLES = {
    "layers": [
        ({"proto/x.c": '#include "consensus/bft/bft.h"\n'}, "proto/x.c:1"),
        ({"sim/state/x.c": '#include "proto/hash.h"\n'}, "sim/state/x.c:1"),
        ({"config/x.h": '#include "sim/learn/task.h"\n'}, "config/x.h:1"),
        ({"daemon/node/x.c": '#include "sim/learn/task.h"\n'},
         "may not include"),
        ({"tests/sim/x.c": '#include "proto/hash.h"\n'}, "may not include"),
        ({"proto/x.c": '#include "hash.h"\n'}, "its folder"),
        ({"proto/x.c": '#include "tests/x.h"\n'}, "includes a test"),
        ({"tests/sim/x.c": '#include "y.h"\n'}, "not beside"),
        ({"tests/sim/x.c": '#include "y.h"\n', "tests/sim/y.h": "\n"}, None),
        ({"sim/x.c": '#include "gen/version.h"\n'}, "may not include"),
        ({"consensus/bft/x.c": '#include "proto/hash.h"\n'}, None),
        ({"daemon/node/x.c": '#include "gen/version.h"\n'}, None),
    ],
    "guards": [
        ({"proto/x.h": GUARD.replace("PROTO", "CONFIG") % ""}, "QML_PROTO_X"),
        ({"proto/x.h": "int x;\n"}, "proto/x.h:1"),
        ({"proto/x.h": GUARD % "int x;"}, None),
    ],
    "banned": [
        ({"proto/x.c": "\tstrcpy(a, b);\n"}, "strcpy is banned"),
        ({"proto/x.c": "\n\tn = atoi (a);\n"}, "proto/x.c:2: atoi"),
        ({"proto/x.c": "x = rand();\n"}, "rand is banned"),
        ({"proto/x.c": "typedef struct x x_t;\n"}, "typedef hides a struct"),
        ({"tests/x.c": "\tusleep(5);\n"}, "a test may not usleep"),
        ({"proto/x.c": "#define NDEBUG\n"}, "NDEBUG"),
        ({"proto/x.c": '/* strcpy(a) */ char *s = "system(x)";\n'}, None),
    ],
    "protobuf": [
        ({"proto/vote.c": "Qml__Vote v;\n"}, "proto/vote.c:1"),
        ({"daemon/node/x.c": '#include "proto/qml.pb-c.h"\n'}, "x.c:1"),
        ({"proto/wire.c": "Qml__Vote v;\n"}, None),
    ],
    "markers": [
        ({"proto/x.c": "/* FIX" "ME later */\n"}, "proto/x.c:1"),
        ({"README.md": "TO" "DO: write\n"}, "README.md:1"),
        ({"proto/x.c": "/* TO" "DO(#12): more */\n"}, None),
    ],
    "prose": [
        ({"README.md": "one %s two\n" % DASH}, "README.md:1"),
        ({"proto/x.c": "int x; \n"}, "space at the end"),
        ({"proto/x.c": "int x;"}, "no newline"),
        ({"proto/x.c": "int x;\n"}, None),
    ],
    "places": [
        ({"README.md": "see /wo" "rk/main\n"}, "README.md:1"),
        ({"proto/x.c": "/* ../sha" "red/data */\n"}, "only .ci/run"),
        ({"tests/run": "cd /ro" "ot/x\n"}, "one machine"),
        ({"README.md": "work/main and /var/lib/qmlnode\n"}, None),
    ],
    "readmes": [
        ({"proto/x.c": "\n"}, "proto/README.md: is missing"),
        ({"proto/x.c": "\n", "proto/README.md": "\n" * 61}, "61 lines"),
        ({"proto/x.c": "\n", "proto/README.md": "\n" * 60}, None),
    ],
    "size": [
        ({"proto/x.h": "\n" * 151}, "header-lines 151"),
        ({"proto/x.c": "\n" * 601}, "source-lines 601"),
        ({"proto/x.c": LONG % ("\ta();\n" * 68)}, "function-lines 71"),
        ({"proto/x.h": FIVE % ", int g"}, "parameters 6"),
        ({"proto/x.c": "int\nf(int a, int b, int c, int d,\n    "
          "int e, int g)\n{\n\treturn 0;\n}\n"}, "parameters 6"),
        ({"proto/x.c": DEEP % "if (a == 4)\n\t\t\t\t\ta--;"}, "nesting 4"),
        ({"proto/x.c": DEEP % "do {\n\t\t\t\t} while (a);"}, "nesting 4"),
        ({"proto/x.c": "int x; /* %s */\n" % ("y" * 70)}, "columns 83"),
        ({"proto/x.c": ONE, "proto/y.c": ONE}, "includers 2"),
        ({"proto/x.c": "\n" * 650, RATCHET: "source-lines proto/x.c 660\n"},
         "is 650 now"),
        ({"proto/x.c": "\n", RATCHET: "source-lines proto/y.c 660\n"},
         "lists what is gone"),
        ({"proto/x.c": "\n" * 661, RATCHET: "source-lines proto/x.c 660\n"},
         "at most 660"),
        ({"proto/x.c": "\n" * 660, RATCHET: "source-lines proto/x.c 660\n"},
         None),
        ({"proto/x.c": DEEP % "a--;" + ONE + LONG % ("\ta();\n" * 67),
          "proto/x.h": FIVE % ""}, None),
    ],
    "headers": [
        ({"proto/x.h": GUARD % "int f(size_t n);"}, "proto/x.h:3"),
        ({"proto/x.h": GUARD % "#include <stddef.h>\nint f(size_t n);"},
         None),
    ],
    "purity": [
        ({"proto/x.c": "\n", "build/obj/proto/x.o":
          "#include <time.h>\ntime_t f(void) { return time(0); }"},
         "proto/x.c: pure code may not use time"),
        ({"sim/state/x.c": "\n", "build/obj/sim/state/x.o":
          "double sin(double); double f(double a) { return sin(a); }"},
         "may not use sin"),
        ({"proto/x.c": "\n", "build/obj/proto/x.o":
          "void randombytes_buf(void *, unsigned long);"
          "void f(void *p) { randombytes_buf(p, 8); }"}, "randombytes_buf"),
        ({"proto/x.c": "\n", "build/obj/proto/x.o":
          "void crypto_sign_keypair(void *, void *);"
          "void f(void *p) { crypto_sign_keypair(p, p); }"},
         "crypto_sign_keypair"),
        ({"proto/x.c": "\n", "build/obj/proto/x.o":
          "void crypto_sign_seed_keypair(void *);"
          "void f(void *p) { crypto_sign_seed_keypair(p); }"}, None),
        ({"consensus/bft/x.c": "\n", "build/obj/consensus/bft/x.o":
          "int printf(const char *, ...);"
          "int f(int a) { return printf(\"%d\", a); }"}, "printf"),
        ({"proto/x.c": "\n"}, "is not built"),
        ({"proto/x.c": "\n", "build/obj/proto/x.o":
          "#include <string.h>\nvoid f(void *a, void *b, size_t n)"
          "{ memcpy(a, b, n); }"}, None),
    ],
    "programs": [
        ({NODE: NNG_BAD % (("nng_msg_insert",) * 2)}, "nng_msg_insert"),
        ({NODE: NNG_BAD % (("nng_pair0_open",) * 2)}, "nng_pair0_open"),
        ({NODE: NNG_BAD % (("cblas_dgemm",) * 2)}, "links BLAS"),
        ({NODE: GOOD_NODE, "build/qmltrain": NNG_BAD % (("connect",) * 2)},
         "qmltrain: may not use connect"),
        ({NODE: GOOD_NODE,
          "build/qmlctl": NNG_BAD % (("crypto_sign_detached",) * 2)},
         "qmlctl: may not use crypto_sign_detached"),
        ({NODE: GOOD_NODE,
          "build/obj/daemon/trainer/x.o": NNG_BAD % (("socket",) * 2)},
         "x.o may not use socket"),
        ({NODE: GOOD_NODE + "int gates_run(void) { return 0; }",
          "build/lib/libsim.a": "int gates_run(void) { return 0; }"},
         "gates_run of the simulator"),
        ({"proto/x.c": "\n"}, "is not built"),
        ({NODE: GOOD_NODE}, None),
    ],
    "format": [
        ({"proto/x.c": "int f(void) {\n  return 0;\n}\n"}, "proto/x.c:1"),
        ({"proto/x.c": "int\nf(void)\n{\n\treturn 0;\n}\n"}, None),
    ],
    "clang-tidy": [
        ({"proto/x.c": "int\nf(int a)\n{\n\tint *p = 0;\n\n\tif (a)\n"
          "\t\treturn *p;\n\treturn 0;\n}\n"}, "proto/x.c:7"),
        ({"proto/x.c": "int\nf(void)\n{\n\treturn 0;\n}\n"}, None),
    ],
}


def plant(root, files):
    for name in CONFIGS:
        shutil.copy(os.path.join(HERE, "..", name), root)
    for path, text in files.items():
        full = os.path.join(root, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        if not path.startswith("build/"):
            with open(full, "w", encoding="utf-8") as f:
                f.write(text)
            continue
        # -shared leaves symbols open that no library here has.
        how = ["-c"] if path.endswith((".o", ".a")) else ["-shared", "-fPIC"]
        out = full + ".o" if path.endswith(".a") else full
        subprocess.run(["gcc", "-x", "c", "-w", "-fno-builtin"] + how
                       + ["-o", out, "-"], input=text.encode(), check=True)
        if path.endswith(".a"):
            subprocess.run(["ar", "rcs", full, out], check=True)
