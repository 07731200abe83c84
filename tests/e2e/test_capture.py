#!/usr/bin/env python3
"""What an eavesdropper on the links sees.

Every link goes through a recording proxy. With the encrypted channel no 16
bytes of any chain (updates, parameters, signatures) and no row of any table
may be on the wire. The control run has the channel plain and must be caught
by the same search, or the search proves nothing.
"""

import os
import socket
import sys
import threading

from consortium import PATIENT, Consortium, Tap, free_ports

WINDOW = 16
ROUNDS = 4


class Proxy:
    """Forwards one port to another and keeps all that passes."""

    def __init__(self, port, to):
        self.to, self.seen, self.lock = to, [], threading.Lock()
        self.sock = socket.socket()
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.sock.bind(("127.0.0.1", port))
        self.sock.listen(16)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                a, _ = self.sock.accept()
            except OSError:
                return
            try:
                b = socket.create_connection(("127.0.0.1", self.to))
            except OSError:
                a.close()
                continue
            for x, y in ((a, b), (b, a)):
                threading.Thread(target=self.pump, args=(x, y),
                                 daemon=True).start()

    def pump(self, x, y):
        stream = bytearray()
        with self.lock:
            self.seen.append(stream)
        try:
            while True:
                data = x.recv(65536)
                if not data:
                    break
                stream += data
                y.sendall(data)
        except OSError:
            pass
        for s in (x, y):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def close(self):
        self.sock.close()


def windows(data, step=1):
    return {bytes(data[i:i + WINDOW])
            for i in range(0, len(data) - WINDOW + 1, step)}


def chain_windows(node):
    """All that is not padding."""
    found = set()
    folder = os.path.join(node.home, "chain")
    for name in os.listdir(folder):
        with open(os.path.join(folder, name), "rb") as f:
            data = f.read().rstrip(b"\0")
        found |= {w for w in windows(data)
                  if len(set(w)) > 4}
    return found


def row_windows(c):
    found = set()
    for i in range(len(c.nodes)):
        with open(os.path.join(c.dir, "rows", "node%d.csv" % i), "rb") as f:
            found |= windows(f.read(), 7)
    return found


def overhear(plain):
    """Runs a short federation; what of chain and rows was on the wire?"""
    with Consortium(rounds=ROUNDS, collect=PATIENT) as c:
        # The file names the proxies; the nodes listen behind them.
        proxies = []
        for node, port in zip(c.nodes, free_ports(len(c.nodes))):
            proxies.append(Proxy(node.port, port))
            node.configure('listen: "127.0.0.1:%d"' % node.port,
                           'listen: "127.0.0.1:%d"' % port)
            if plain:
                node.args = ["--insecure-plain-links-for-tests"]
        c.start()
        c.wait_height(ROUNDS)
        c.stop()
        wire, total = set(), 0
        for p in proxies:
            p.close()
            for stream in p.seen:
                total += len(stream)
                wire |= windows(stream)
        assert total > 50000, "only %d bytes went through" % total
        chain = chain_windows(c.nodes[0])
        assert len(chain) > 10000, "%d pieces" % len(chain)
        return len(chain & wire), len(row_windows(c) & wire), total


def encrypted():
    chain, rows, total = overhear(plain=False)
    print("# %d bytes overheard, %d pieces of the chain, %d of rows" % (
        total, chain, rows))
    assert chain == 0 and rows == 0


def control():
    chain, rows, total = overhear(plain=True)
    print("# plain: %d bytes overheard, %d pieces of the chain, %d of rows"
          % (total, chain, rows))
    assert chain > 1000, "the search does not see what is in clear"
    assert rows == 0, "rows left a node"


def main():
    tap = Tap()
    tap.run("encrypted links show nothing of chain or rows", encrypted)
    tap.run("control: plain links show the chain, and still no row", control)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
