#!/usr/bin/env python3
"""The whole path of a model on four real daemons, as `demo --story` tells it."""

import json
import os
import subprocess
import sys
import tempfile

from consortium import Tap, program, run
from test_readme import Readme

STEPS = ["found", "register", "order", "train_private", "pay", "poisoner",
         "withdraw", "vote", "version", "dossier"]


class Story:
    def __init__(self, home):
        self.home = os.path.join(home, "story")
        self.p = subprocess.run(
            [program("qmlnode"), "demo", "--story", "--json", "--home",
             self.home], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, timeout=1200)

    def told(self):
        assert self.p.returncode == 0, self.p.stderr[-3000:]
        self.last = json.loads(self.p.stdout.splitlines()[-1])
        assert set(self.last) == {"ok", "steps", "wall_s"}, self.last
        assert self.last["ok"] is True, self.last
        assert [s["name"] for s in self.last["steps"]] == STEPS, self.last
        assert all(s["ok"] for s in self.last["steps"]), self.last

    def paid(self):
        facts = {s["name"]: s["facts"] for s in self.last["steps"]}
        assert facts["pay"]["delta"] == 0, facts
        assert facts["poisoner"] == {
            "rounds": facts["poisoner"]["rounds"], "units": 0}, facts
        assert facts["poisoner"]["rounds"] >= 4, facts
        assert all(facts["pay"][m] > 0
                   for m in ("alpha", "beta", "gamma")), facts
        assert facts["dossier"]["proved"] >= 15, facts
        assert facts["dossier"]["unknown"] <= 2, facts

    def tried(self):
        """What the story says of the version, counted here again."""
        def labels(*path):
            with open(os.path.join(self.home, *path)) as f:
                return [r.strip().rsplit(",", 1)[1] for r in f][1:]

        facts = {s["name"]: s["facts"] for s in self.last["steps"]}["version"]
        rows, said = labels("rows", "judge.csv"), labels("guesses.csv")
        right = sum(x == y for x, y in zip(rows, said))
        most = max(rows.count(x) for x in set(rows))
        n = len(rows)
        assert n == len(said) > 200, (n, len(said))
        assert facts == {"rows": n, "accuracy_ppm": right * 1000000 // n,
                         "commonest_ppm": most * 1000000 // n}, facts
        assert ", %.1f %%;" % (100 * right / n) in self.p.stderr
        assert right > most, (right, most)

    def narrated(self):
        said = self.p.stderr
        for text in ("alpha$ qmlctl job order order.yaml --assets ",
                     "the order's purpose is not the data asset's",
                     "delta$ qmlctl proposal vote 1 no",
                     "beta$ qmlctl model predict judge.csv --version ",
                     "only its owner may do this",
                     "earned 0"):
            assert text in said, (text, said)

    def as_in_readme(self):
        r = Readme(None)
        r.transcript(r.text[2], self.p.stderr.splitlines())

    def checked_again(self):
        """What it leaves is enough for anybody who was not there."""
        for name in ("alpha", "beta", "gamma", "delta"):
            run(program("qmlnode"), "audit", os.path.join(self.home, name))
        path = os.path.join(self.home, "dossier.json")
        assert "signed by did:key:" in run(
            program("qmlnode"), "audit", "--verify", path).stdout
        with open(path) as f:
            text = f.read()
        with open(path, "w") as f:
            f.write(text.replace('"balance":', '"balance":1', 1))
        run(program("qmlnode"), "audit", "--verify", path, code=8)
        with open(os.path.join(self.home, "dossier.html")) as f:
            page = f.read()
        assert "http://" not in page.replace("http://www.w3.org", ""), page


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory() as home:
        s = Story(home)
        tap.run("every step of the path", s.told)
        tap.run("a poisoner earns nothing, the others are paid", s.paid)
        tap.run("the version, on rows that nobody had", s.tried)
        tap.run("each act is shown as a command", s.narrated)
        tap.run("the README's transcript", s.as_in_readme)
        tap.run("chain and dossier hold without the daemons", s.checked_again)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
