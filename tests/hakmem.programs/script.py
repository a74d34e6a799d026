# SPDX-License-Identifier: MIT
"""script.py - lists, dicts, json, threads, fork and subprocesses; prints sums (test)."""
import hashlib
import json
import os
import queue
import re
import subprocess
import sys
import threading


def digest(value):
    return hashlib.sha256(repr(value).encode()).hexdigest()[:16]


def lists():
    a = []
    for i in range(100000):
        a.append(i * 69069 % 10007)
        if i % 5 == 4:
            a.insert(len(a) // 2, a.pop())
        if i % 1000 == 999:
            del a[10:200]
    a.sort()
    b = [[j] * (j % 50) for j in range(5000)]
    b[::3] = reversed(b[::3])
    return digest((a[:1000], len(a), sum(a), b[::97]))


def dicts():
    d = {}
    for i in range(100000):
        d["key %d" % (i * 31 % 40009)] = (i, str(i) * (i % 7))
        if i % 3 == 0:
            d.pop("key %d" % (i % 1000), None)
    e = {k: v for k, v in d.items() if v[0] % 2}
    d.update({v: k for k, v in e.items()})
    return digest((len(d), list(e)[:500], sorted(map(str, d))[:500]))


def texts():
    s = "".join(chr(97 + i % 26) * (i % 9) for i in range(100000))
    parts = re.split("[aeiou]+", s)
    joined = "-".join(parts)
    data = bytearray()
    for i in range(20000):
        data += b"x" * (i % 64)
        if i % 500 == 0:
            del data[:4096]
    return digest((len(s), len(parts), hashlib.md5(joined.encode()).hexdigest(), len(data)))


def round_trip():
    value = {"n%d" % i: [i, i / 7, str(i), None, {"deep": [True] * (i % 20)}] for i in range(20000)}
    text = json.dumps(value, indent=1)
    assert json.loads(text) == value
    return digest((len(text), text[:2000]))


def threads():
    tasks, results = queue.Queue(), queue.Queue()

    def work():
        while (n := tasks.get()) is not None:
            block = [bytes(i % 700) for i in range(n, n + 500)]
            results.put((n, sum(map(len, block)), block[:3]))

    for _ in range(6):
        crew = [threading.Thread(target=work) for _ in range(8)]
        for t in crew:
            t.start()
        for n in range(100):
            tasks.put(n)
        for _ in crew:
            tasks.put(None)
        for t in crew:
            t.join()
    got = sorted(results.get() for _ in range(600))
    short = [threading.Thread(target=lambda: [bytearray(200) for _ in range(50)]) for _ in range(500)]
    for t in short:
        t.start()
    for t in short:
        t.join()
    return digest(got)


def forks():
    """Children of a process whose other threads are busy in the allocator."""
    stop = threading.Event()

    def churn():
        while not stop.is_set():
            [bytearray(i * 13 % 3000) for i in range(200)]

    crew = [threading.Thread(target=churn) for _ in range(3)]
    for t in crew:
        t.start()
    sums = []
    for n in range(30):
        r, w = os.pipe()
        pid = os.fork()
        if pid == 0:
            d = {i: bytes(i % 500) for i in range(5000 + n)}
            t = threading.Thread(target=lambda: d.update({-1: b"thread"}))
            t.start()
            t.join()
            os.write(w, digest(sorted(d.items())[:100]).encode())
            os._exit(0)
        os.close(w)
        sums.append(os.read(r, 100))
        os.close(r)
        assert os.waitpid(pid, 0)[1] == 0
    stop.set()
    for t in crew:
        t.join()
    return digest(sums)


def processes():
    code = "import sys; print(sum(len(l) for l in sys.stdin), len([bytes(i) for i in range(2000)]))"
    out = []
    for n in range(6):
        text = "line of text\n" * (n * 5000)
        out.append(subprocess.run([sys.executable, "-c", code], input=text, text=True,
                                  capture_output=True, check=True).stdout)
    crew = [subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) for _ in range(10)]
    for i, p in enumerate(crew):
        out.append(len(p.communicate(b"y" * (i * 30000))[0]))
    return digest(out)


for job in (lists, dicts, texts, round_trip, threads, forks, processes):
    print(job.__name__, job(), flush=True)
