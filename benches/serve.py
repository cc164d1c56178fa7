#!/usr/bin/env python3
"""Load on `veritee serve`, from a second process, on loopback. Not part of the gate: figures need a machine that is idle.

usage: benches/serve.py PROGRAM [--count 400] [--seconds 20] [--minutes 0]

Compares evidences per CPU second of the server with those of `batch --jobs 1` (same engine, same documents), the spread of
answer times at half load, what 1,000 silent connections cost others, and memory over time. Documents differ in the name of a
source; all of them are of one machine. Every loop is bounded, and only 127.0.0.1 is spoken to.
"""

import argparse
import http.client
import json
import os
import resource
import signal
import socket
import statistics
import subprocess
import tempfile
import threading
import time

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
QUICKSTART = os.path.join(ROOT, "test-vectors", "quickstart")
POLICY = os.path.join(QUICKSTART, "policy.toml")


def documents(count):
    with open(os.path.join(QUICKSTART, "evidence.json"), encoding="utf-8") as file:
        evidence = json.load(file)
    for number in range(count):
        evidence["quote"]["source"] = f"machine {number}"
        yield json.dumps(evidence).encode()


class Server:
    """The program, serving on a free port."""

    def __init__(self, program, folder):
        self.log = open(os.path.join(folder, "said"), "w+", encoding="utf-8")
        arguments = ["serve", "--listen", "127.0.0.1:0", "--policy", POLICY, "--engine", "native", "--jobs", "2"]
        environment = {**os.environ, "XDG_CACHE_HOME": folder}
        self.process = subprocess.Popen([program, *arguments], stderr=self.log, env=environment)
        for _ in range(200):
            with open(self.log.name, encoding="utf-8") as said:
                found = [line for line in said if line.startswith("listening on http://")]
            if found:
                self.port = int(found[0].rsplit(":", 1)[1])
                return
            time.sleep(0.1)
        raise SystemExit("the server does not listen")

    def cpu(self):
        with open(f"/proc/{self.process.pid}/stat", encoding="utf-8") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self):
        with open(f"/proc/{self.process.pid}/status", encoding="utf-8") as status:
            return int(next(line.split()[1] for line in status if line.startswith("VmRSS:")))

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=30)


def asked(port, body, path="/v1/verify", connection=None):
    """The time until the whole answer is there, and its status."""
    own = connection or http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    begun = time.monotonic()
    own.request("POST", path, body)
    answer = own.getresponse()
    text = answer.read()
    if connection is None:
        own.close()
    return time.monotonic() - begun, answer.status, text


def in_turn(port, bodies, clients):
    """All bodies, by so many clients, each as fast as it is answered."""
    left, times, statuses, lock = list(bodies), [], {}, threading.Lock()

    def client():
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        while True:
            with lock:
                if not left:
                    return
                body = left.pop()
            took, status, _ = asked(port, body, connection=connection)
            with lock:
                times.append(took)
                statuses[status] = statuses.get(status, 0) + 1

    threads = [threading.Thread(target=client) for _ in range(clients)]
    begun = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.monotonic() - begun, times, statuses


def at_rate(port, bodies, rate, seconds):
    """So many requests a second, whether answered or not; times count from when each was due."""
    times, failed, lock = [], [0], threading.Lock()
    threads = []
    begun = time.monotonic()
    total = min(int(rate * seconds), 5000)

    def one(due, body):
        try:
            _, status, _ = asked(port, body)
            with lock:
                times.append(time.monotonic() - due)
                failed[0] += status != 200
        except OSError:
            with lock:
                failed[0] += 1

    for number in range(total):
        due = begun + number / rate
        time.sleep(max(0, due - time.monotonic()))
        thread = threading.Thread(target=one, args=(due, bodies[number % len(bodies)]))
        thread.start()
        threads.append(thread)
    for thread in threads:
        thread.join()
    return times, failed[0]


def spread(times):
    ordered = sorted(times)
    median, late = statistics.median(ordered), ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
    return f"median {median * 1000:.0f} ms, p99 {late * 1000:.0f} ms, ratio {late / median:.1f}, n {len(ordered)}"


def batch(program, bodies, folder):
    """Evidences per CPU second of `veritee batch --jobs 1`."""
    path = os.path.join(folder, "lines.jsonl")
    with open(path, "wb") as lines:
        lines.writelines(body + b"\n" for body in bodies)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [program, "batch", path, "--policy", POLICY, "--jobs", "1", "--quiet", "-o", os.path.join(folder, "out")]
    code = subprocess.run(command, env={**os.environ, "XDG_CACHE_HOME": folder}, check=False).returncode
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if code not in (0, 10, 11, 12, 13):
        raise SystemExit(f"batch ended with {code}")
    return len(bodies) / (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--count", type=int, default=400)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--minutes", type=int, default=0)
    options = parser.parse_args()
    program = os.path.abspath(options.program)
    bodies = list(documents(min(options.count, 5000)))
    with tempfile.TemporaryDirectory() as folder:
        alone = batch(program, bodies, folder)
        print(f"batch --jobs 1: {alone:.1f} evidences per CPU second")
        server = Server(program, folder)
        try:
            asked(server.port, bodies[0])
            before = server.cpu()
            wall, times, statuses = in_turn(server.port, bodies, 4)
            used = server.cpu() - before
            rate = len(bodies) / wall
            print(f"/v1/verify, 4 clients: {len(bodies) / used:.1f} per CPU second ({len(bodies) / used / alone:.2f} of batch), "
                  f"{rate:.1f} a second, {spread(times)}, statuses {statuses}")
            before = server.cpu()
            _, status, text = asked(server.port, b"\n".join(bodies), "/v1/batch")
            used = server.cpu() - before
            print(f"/v1/batch: {len(bodies) / used:.1f} per CPU second ({len(bodies) / used / alone:.2f} of batch), "
                  f"status {status}, {text.count(b'outcome')} of {len(bodies)} lines with a verdict")
            times, failed = at_rate(server.port, bodies, rate / 2, options.seconds)
            print(f"half load ({rate / 2:.1f} a second): {spread(times)}, failed {failed}")
            soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
            resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
            silent = []
            for _ in range(1000):
                try:
                    silent.append(socket.create_connection(("127.0.0.1", server.port), timeout=10))
                except OSError:
                    break
            times, failed = at_rate(server.port, bodies, rate / 2, options.seconds)
            print(f"the same beside {len(silent)} silent connections: {spread(times)}, failed {failed}")
            for connection in silent:
                connection.close()
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
            first = server.memory()
            until = time.monotonic() + min(options.minutes, 30) * 60
            while time.monotonic() < until:
                in_turn(server.port, bodies[:100], 2)
                print(f"memory {server.memory()} KiB", flush=True)
            print(f"memory {first} KiB at first, {server.memory()} KiB at last")
        finally:
            print(f"SIGTERM: exit code {server.stop()}")


if __name__ == "__main__":
    main()
