#!/usr/bin/env python3
"""One bit flipped at random places of a kept chain, then qmlnode audit.

The chain is a demo's. Records are found by a reader of their own (32 lines
below), so the documented format is checked along the way.
"""

import hashlib
import json
import os
import random
import shutil
import struct
import subprocess
import sys
import tempfile

from consortium import PATIENCE, Tap, program, run

FLIPS = int(os.environ.get("FLIPS", "2000" if os.environ.get("QML_TEST_LONG")
                           else "200"))
SEED = int(os.environ.get("SEED", "1"))
HEAD = struct.Struct(">IHHQII32s32s32sII")  # consensus/chain/record.h


def records(data):
    """[(height, first byte, byte behind)] of a segment; checks each hash."""
    out, at, prev = [], 0, bytes(32)
    while at + HEAD.size <= len(data):
        (magic, version, kind, height, length, _, before, _, total, _,
         zero) = HEAD.unpack_from(data, at)
        if magic == 0:
            break
        assert magic == 0x514d4c52 and version == 1 and zero == 0
        assert kind == (1 if height == 0 else 2) and height == len(out)
        assert before == prev, "record %d is not chained" % height
        payload = data[at + HEAD.size:at + HEAD.size + length]
        prev = hashlib.blake2b(data[at:at + 88] + payload, digest_size=32,
                               person=b"qml.record").digest()
        assert prev == total, "record %d: other hash" % height
        end = at + -(-(HEAD.size + length) // 4096) * 4096
        out.append((height, at, end))
        at = end
    assert not any(data[at:]), "not zero behind the last record"
    return out


def audit(path):
    p = subprocess.run([program("qmlnode"), "audit", "--json", path],
                       stdout=subprocess.PIPE, timeout=PATIENCE, check=False)
    return p.returncode, json.loads(p.stdout)


def flip(f, byte, bit):
    f.seek(byte)
    old = f.read(1)[0]
    f.seek(byte)
    f.write(bytes([old ^ 1 << bit]))
    f.flush()


def flip_all(home, segment, recs):
    """Three in four inside the records, the others anywhere in the file."""
    rnd, size = random.Random(SEED), os.path.getsize(segment)
    with open(segment, "r+b") as f:
        for i in range(FLIPS):
            byte = rnd.randrange(recs[-1][2] if i % 4 else size)
            bit = rnd.randrange(8)
            height = next((h for h, _, end in recs if byte < end), len(recs))
            flip(f, byte, bit)
            code, said = audit(home)
            flip(f, byte, bit)
            where = "byte %d bit %d: %s" % (byte, bit, said)
            assert code == 8 and said["audit"] == "failed", where
            fault = said["fault"]
            assert fault["block"] == height, where
            assert fault["offset"] <= byte <= fault["end"], where
            assert fault["file"] == segment, where


def main():
    tap, top = Tap(), tempfile.mkdtemp(prefix="qml-audit-")
    home = os.path.join(top, "demo", "alpha")
    segment = os.path.join(home, "chain", "000001.seg")
    recs = []

    def kept():
        run(program("qmlnode"), "demo", "--rounds", "5", "--home",
            os.path.join(top, "demo"))
        with open(segment, "rb") as f:
            recs.extend(records(f.read()))
        assert len(recs) >= 6, recs

    def untouched():
        for path in (home, os.path.join(home, "chain"), segment):
            code, said = audit(path)
            assert code == 0 and said["audit"] == "ok", said
            assert said["blocks"] == len(recs) - 1, said

    def unsaid():
        """A verdict that could not be written is no yes."""
        with open("/dev/full", "w") as full:
            p = subprocess.run([program("qmlnode"), "audit", "--json", home],
                               stdout=full, stderr=subprocess.PIPE,
                               timeout=PATIENCE, check=False)
        assert p.returncode == 1, p
        assert b"stdout cannot be written" in p.stderr, p

    def cut():
        copy = os.path.join(top, "cut")
        os.mkdir(copy)
        name = os.path.join(copy, "000001.seg")
        shutil.copy(segment, name)
        os.truncate(name, recs[-1][1] + 4096 + 100)
        code, said = audit(copy)
        assert code == 8 and said["fault"]["block"] == len(recs) - 1, said
        os.truncate(name, recs[-1][1])  # at a boundary: its blind spot
        code, said = audit(copy)
        assert code == 0 and said["blocks"] == len(recs) - 2, said

    try:
        tap.run("a demo's chain is kept, in the documented format", kept)
        tap.run("the untouched chain: exit 0", untouched)
        tap.run("nowhere to write the verdict: exit 1", unsaid)
        tap.run("%d flipped bits: exit 8, the block named (SEED=%d)" % (
            FLIPS, SEED), lambda: flip_all(home, segment, recs))
        tap.run("cut inside a block: exit 8", cut)
        tap.run("untouched again after all that", untouched)
    finally:
        shutil.rmtree(top)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
