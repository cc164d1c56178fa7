#!/usr/bin/env python3
"""What Debian's shfmt sees in shell scripts: the names of all simple commands, with how many words each has.

usage: answers.py SCRIPTS FOLDER

SCRIPTS is what `make.sh` lets the test write: scripts with a zero byte behind each, in four parts. FOLDER gets an answer
for each (README.md says which file holds what).
"""

import concurrent.futures
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile

LISTS = 250

sys.setrecursionlimit(100_000)


def unescaped(text, quoted):
    """Text without its backslashes, as the shell takes them away."""
    pattern = r'\\([$`"\\\n])' if quoted else r"\\(.|\n)"
    return re.sub(pattern, lambda found: "" if found[1] == "\n" else found[1], text)


def literal(word):
    """The text of a word in which nothing is expanded, or None."""
    text = ""
    for part in word.get("Parts", []):
        kind = part["Type"]
        if kind == "Lit":
            text += unescaped(part["Value"], False)
        elif kind == "SglQuoted" and not (part.get("Dollar") and "\\" in part.get("Value", "")):
            text += part.get("Value", "")
        elif kind == "DblQuoted" and all(inner["Type"] == "Lit" for inner in part.get("Parts", [])):
            text += "".join(unescaped(inner["Value"], True) for inner in part.get("Parts", []))
        else:
            return None
    return text


def record(name, words):
    if name is None:
        return f"*/{words}"
    plain = re.sub(rb"[^A-Za-z0-9_./:+=-]", lambda found: b"%%%02X" % found[0][0], name.encode())
    return f"{plain.decode()}/{words}"


def commands(node, found):
    """All simple commands of a tree."""
    if isinstance(node, list):
        for inner in node:
            commands(inner, found)
    elif isinstance(node, dict):
        kind = node.get("Type")
        if kind == "CallExpr" and node.get("Args"):
            found.append(record(literal(node["Args"][0]), len(node["Args"])))
        elif kind == "DeclClause":
            found.append(record(node["Variant"]["Value"], 1 + len(node.get("Args", []))))
        elif kind == "LetClause":
            found.append("let/")
        elif kind == "TestClause":
            found.append("[[/")
        for inner in node.values():
            commands(inner, found)


def answer(script):
    """The sorted list, or None where shfmt refuses the script."""
    run = subprocess.run(["shfmt", "--to-json", "-ln", "bash"], input=script, capture_output=True)
    if run.returncode != 0:
        return None
    found = []
    commands(json.loads(run.stdout), found)
    return " ".join(sorted(found))


def ran(script):
    """What Bash runs of a script whose commands are names that no system has: a bit for each of them."""
    prelude = b"PATH=/nowhere\ncommand_not_found_handle() { printf '%s ' \"$1\" >&9; return $(( ${#1} % 2 )); }\n"
    with tempfile.TemporaryDirectory() as folder:
        with open(f"{folder}/trace", "wb") as trace:
            os.set_inheritable(trace.fileno(), True)
            subprocess.run(
                ["/bin/bash", "-c", f"exec 9>&{trace.fileno()}; . /dev/stdin"],
                input=prelude + script, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                cwd=folder, timeout=60, close_fds=False, env={},
            )
        names = open(f"{folder}/trace").read().split()
    return sum(1 << bit for bit in {int(name[1:]) for name in names if re.fullmatch(r"c\d+", name)})


def short(found):
    return "-" * 8 if found is None else hashlib.sha256(found.encode()).hexdigest()[:8]


def main():
    parts = open(sys.argv[1], "rb").read().split(b"\0\0")
    folder = sys.argv[2]
    generated, rows, texts, traced = (part.rstrip(b"\0").split(b"\0") for part in parts)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(answer, generated))
        with open(f"{folder}/generated.txt", "w") as file:
            for at in range(0, len(answers), 12):
                print(" ".join(short(found) for found in answers[at : at + 12]), file=file)
        with open(f"{folder}/lists.txt", "w") as file:
            for found in answers[:LISTS]:
                print(found or short(found), file=file)
        with open(f"{folder}/differences.txt", "w") as file:
            for found in pool.map(answer, rows):
                print(found or short(found), file=file)
        with open(f"{folder}/texts.txt", "w") as file:
            found = {hashlib.sha256(text).hexdigest()[:16]: short(seen) for text, seen in zip(texts, pool.map(answer, texts))}
            for name, seen in sorted(found.items()):
                print(name, seen, file=file)
        with open(f"{folder}/traced.txt", "w") as file:
            for script in pool.map(ran, traced):
                print(f"{script:x}", file=file)
    refused = sum(found is None for found in answers)
    print(f"{len(generated)} generated, {refused} refused by shfmt; {len(rows)} differences; {len(texts)} texts")


if __name__ == "__main__":
    main()
