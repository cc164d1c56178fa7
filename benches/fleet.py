#!/usr/bin/env python3
"""Cost of evidences in `batch`, of `verify` and of the audit of a tree, beside an earlier build, in one run.

usage: benches/fleet.py OLD NEW [--machines DIR] [--forge PROGRAM] [--rounds 5] [--only NAME,...]

OLD and NEW are two builds of the program. The earlier one that the README speaks of is made by
    git worktree add ../earlier 31b8514 && cd ../earlier && cargo build --release --locked
Figures are CPU time (user and system) of whole processes, the two builds in turn; of each the median, and the median of
the ratios pair by pair. `--machines` has one folder for each real machine (`quote.bin`, `event_log.json`, `app_compose.json`,
`vm_config.json`, `app_cert.pem`, `collateral.json`, as far as there are such); `--forge` is `cargo build -p veritee-verify --example fleet`.
What needs one of the two is left out without it. A peak below this script's own is not seen. Nothing is fetched. Not part
of the gate.
"""

import argparse
import hashlib
import json
import os
import random
import re
import shutil
import statistics
import tempfile

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
QUICKSTART = os.path.join(ROOT, "test-vectors", "quickstart")
AS_OF = "2026-10-20T00:00:00Z"
# When the collateral of the quickstart is in force.
THEN = "2026-03-15T00:00:00Z"
EXPIRED = 'schema = "veritee/policy/v1"\nname = "bench"\n[collateral]\nallow_expired = true\nreason = "documents of several months in one run"\n'


def run(program, arguments, stdin=None):
    """CPU seconds, peak KiB, exit code and the output of one process."""
    out = tempfile.TemporaryFile()
    child = os.fork()
    if child == 0:
        os.dup2(os.open(stdin or os.devnull, os.O_RDONLY), 0)
        os.dup2(out.fileno(), 1)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        os.execv(program, [program, *arguments])
    _, status, usage = os.wait4(child, 0)
    out.seek(0)
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss, os.waitstatus_to_exitcode(status), out.read()


def item(data, source):
    return {"encoding": "hex", "value": data.hex(), "sha256": hashlib.sha256(data).hexdigest(), "source": source}


def text_item(data, source):
    return {"encoding": "utf8", "value": data.decode(), "sha256": hashlib.sha256(data).hexdigest(), "source": source}


def machine(folder, collateral):
    """One folder as an evidence document."""
    def read(name):
        path = os.path.join(folder, name)
        return open(path, "rb").read() if os.path.exists(path) else None
    document = {"schema": "veritee/evidence/v1", "tool": {"name": "bench", "version": "0"}, "claims": {}, "collateral": []}
    document["quote"] = item(read("quote.bin"), "quote.bin")
    for member, name in [("event_log", "event_log.json"), ("app_compose", "app_compose.json"),
                         ("vm_config", "vm_config.json"), ("certificates", "app_cert.pem")]:
        data = read(name)
        if data is not None:
            document[member] = text_item(data, name)
            if member == "event_log":
                document[member]["format"] = "dstack-json"
    if collateral:
        document["collateral"].append(text_item(collateral, "collateral.json"))
    return document


def write_lines(path, documents):
    with open(path, "w", encoding="utf-8") as file:
        for document in documents:
            file.write(json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n")


def family(collateral):
    found = re.search(rb'fmspc\\?"\s*:\s*\\?"([0-9A-Fa-f]{12})', collateral)
    return found.group(1).lower() if found else None


class Bench:
    def __init__(self, options, folder):
        self.options, self.folder, self.rows = options, folder, []

    def path(self, name):
        return os.path.join(self.folder, name)

    def pair(self, name, count, arguments, stdin=None, goal=None, old=None):
        """The two builds in turn. `old`: other arguments for the earlier one."""
        if self.options.only and not any(word in name for word in self.options.only.split(",")):
            return None
        costs, peaks, codes = ([], []), ([], []), [None, None]
        for _ in range(self.options.rounds):
            for at, program in enumerate([self.options.old, self.options.new]):
                given = old if old is not None and at == 0 else arguments
                cpu, peak, codes[at], output = run(program, given, stdin)
                if not output and codes[at] not in (0, 10, 11, 12, 13):
                    print(f"{name}: {program} ends with {codes[at]} and says nothing")
                    return None
                costs[at].append(cpu / count)
                peaks[at].append(peak)
        ratio = statistics.median(new / old for old, new in zip(*costs))
        one, other = (statistics.median(cost) * 1e6 for cost in costs)
        goal_words = f", goal {goal}" if goal else ""
        print(f"{name}: {one:,.0f} -> {other:,.0f} us, ratio {ratio:.3f}{goal_words}; "
              f"peak {max(peaks[0]) // 1024} -> {max(peaks[1]) // 1024} MB; exit {codes[0]} -> {codes[1]}", flush=True)
        self.rows.append((name, ratio, goal))
        return other

    def quickstart(self):
        document = json.load(open(os.path.join(QUICKSTART, "evidence-without-gpus.json"), encoding="utf-8"))
        write_lines(self.path("quickstart"), [document] * 300)
        arguments = ["batch", "-", "--jobs", "1", "--as-of", THEN]
        self.pair("copies of the quickstart, by pipe", 300, arguments, self.path("quickstart"), 0.15)
        self.pair("copies of the quickstart, a file", 300, ["batch", self.path("quickstart"), *arguments[2:]], goal=0.15)

    def machines(self):
        if not self.options.machines:
            return
        folders = [os.path.join(top, name) for top in self.options.machines.split(",") for name in sorted(os.listdir(top))]
        folders = [folder for folder in folders if os.path.exists(os.path.join(folder, "quote.bin"))]
        collaterals = {}
        for folder in folders:
            path = os.path.join(folder, "collateral.json")
            if os.path.exists(path):
                collaterals[folder] = open(path, "rb").read()
        by_family = {family(text): text for _, text in sorted(collaterals.items())}
        def own(folder):
            if folder in collaterals:
                return collaterals[folder]
            known = json.load(open(os.path.join(folder, "meta.json"), encoding="utf-8")) if os.path.exists(
                os.path.join(folder, "meta.json")) else {}
            words = json.dumps(known).lower()
            return next((text for name, text in by_family.items() if name and name.decode() in words), None)
        whole = [folder for folder in folders if os.path.exists(os.path.join(folder, "event_log.json"))
                 and os.path.exists(os.path.join(folder, "app_compose.json")) and own(folder)]
        random.seed(7)
        mixed = whole * max(1, 1080 // max(1, len(whole)))
        random.shuffle(mixed)
        policy = self.path("policy.toml")
        open(policy, "w", encoding="utf-8").write(EXPIRED)
        common = ["--jobs", "1", "--as-of", AS_OF, "--policy", policy]
        write_lines(self.path("own"), [machine(folder, own(folder)) for folder in mixed])
        write_lines(self.path("bare"), [machine(folder, None) for folder in mixed])
        count = len(mixed)
        print(f"{len(whole)} real machines")
        self.pair("real machines mixed, own collateral", count, ["batch", "-", *common], self.path("own"), 0.20)
        distinct = sorted(set(collaterals.values()))
        for number in (14, 64):
            given = self.path(f"collateral-{number}")
            os.makedirs(given)
            for at in range(number):
                # More files than there are documents: the same with other white space around them.
                text = distinct[at % len(distinct)] + b"\n" * (at // len(distinct))
                open(os.path.join(given, f"{at:02}.json"), "wb").write(text)
        old = ["batch", "-", *common, "--collateral", self.path("collateral-14")]
        few = self.pair("real machines mixed, 14 collaterals", count, old, self.path("bare"), 0.09)
        many = self.pair("real machines mixed, 64 collaterals (earlier: 14)", count,
                         [*old[:-1], self.path("collateral-64")], self.path("bare"), old=old)
        if few and many:
            print(f"64 collaterals cost {many / few:.2f} x of 14, goal 1.1")
        quotes = [open(os.path.join(folder, "quote.bin"), "rb").read().hex() for folder in whole] * 400
        random.shuffle(quotes)
        open(self.path("quotes"), "w", encoding="ascii").write("\n".join(quotes) + "\n")
        self.pair("bare quotes", len(quotes), old, self.path("quotes"), 0.70)

    def distinct(self):
        if not self.options.forge:
            return
        lines, root = self.path("distinct"), self.path("root.der")
        with open(lines, "wb") as file:
            file.write(run(self.options.forge, ["200", root])[3])
        arguments = ["batch", "-", "--jobs", "1", "--as-of", "2026-10-15T00:00:00Z", "--root", root]
        self.pair("distinct composes, forged", 200, arguments, lines, 0.60)

    def one(self):
        path = os.path.join(QUICKSTART, "evidence-without-gpus.json")
        arguments = ["verify", path, "--as-of", THEN, "--offline", "--format", "json"]
        self.pair("verify of one evidence, a process", 1, arguments, goal=0.65)

    def tree(self):
        """5,000 files of this repository's own code, 8 % of them with a line that is not ASCII."""
        tree, texts = self.path("tree"), []
        for folder, _, names in os.walk(os.path.join(ROOT, "crates")):
            texts += [os.path.join(folder, name) for name in names if name.endswith(".rs")]
        texts = sorted(texts)
        for number in range(5000):
            folder = os.path.join(tree, f"module{number % 97}")
            os.makedirs(folder, exist_ok=True)
            source = open(texts[number % len(texts)], "rb").read()
            if number % 12 == 0:
                source += "// caf\u00e9: skipped, \u00e9tat verified\n".encode()
            open(os.path.join(folder, f"file{number}.rs"), "wb").write(source)
        self.pair("audit of a tree of 5,000 files", 1, ["audit", tree, "--as-of", AS_OF, "--format", "json"], goal=0.15)

    def memory(self):
        """Lines of almost 4 MiB: an evidence with as much white space."""
        document = json.load(open(os.path.join(QUICKSTART, "evidence-without-gpus.json"), encoding="utf-8"))
        line = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
        with open(self.path("long"), "w", encoding="utf-8") as file:
            for _ in range(64):
                file.write(line + " " * ((4 << 20) - len(line) - 16) + "\n")
        arguments = ["batch", "-", "--as-of", THEN, "--jobs", "2"]
        self.pair("lines of 4 MiB, two jobs", 64, arguments, self.path("long"))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("old")
    parser.add_argument("new")
    parser.add_argument("--machines", help="folders of folders, with commas between them")
    parser.add_argument("--forge")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", help="parts of names of rows, with commas between them")
    options = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="fleet")
    try:
        bench = Bench(options, folder)
        for part in (bench.quickstart, bench.machines, bench.distinct, bench.one, bench.tree, bench.memory):
            part()
        missed = [f"{name} {ratio:.3f} > {goal}" for name, ratio, goal in bench.rows if goal and ratio > goal]
        print("goals not met: " + ("; ".join(missed) or "none"))
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
