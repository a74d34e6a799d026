# SPDX-License-Identifier: MIT
"""Ask hakmem metrics --listen (test). Arguments: HOST PORT. Prints PASS and FAIL."""
import socket
import sys

HOST, PORT = sys.argv[1], int(sys.argv[2])
MOST = 8192


def ask(text, end=False):
    """The answer to TEXT, to its end; with END nothing more is sent."""
    with socket.create_connection((HOST, PORT), 60) as s:
        try:
            s.sendall(text)
            if end:
                s.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        answer = b""
        try:
            while True:
                part = s.recv(65536)
                if not part:
                    break
                answer += part
        except ConnectionResetError:
            pass
    return answer


def get(path="/metrics", method="GET", headers=""):
    return ask(("%s %s HTTP/1.1\r\nHost: %s:%d\r\n%s\r\n" % (
        method, path, "[::1]" if ":" in HOST else HOST, PORT, headers)).encode())


def result(what, good, shown=b""):
    print(("PASS: " if good else "FAIL: ") + what + ("" if good else "\n" + repr(shown[:400])))


def status(what, answer, code):
    result(what, answer.startswith(b"HTTP/1.1 %d " % code) and answer.count(b"Content-Length: ") == 1, answer)


answer = get()
head, _, body = answer.partition(b"\r\n\r\n")
status("GET /metrics", answer, 200)
result("its length is right", b"\r\nContent-Length: %d\r\n" % len(body) in head + b"\r\n", head)
result("it ends as it shall", body.endswith(b"\n# EOF\n") and b"\nhakmem_allocations_total{" in body, body)
result("its type is that of Prometheus's text", b"\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n" in head, head)
answer = get(headers="accept: application/openmetrics-text;version=1.0.0,text/plain;q=0.5\r\n")
result("or OpenMetrics, for who takes that",
       b"\r\nContent-Type: application/openmetrics-text; version=1.0.0; charset=utf-8\r\n" in answer, answer)
status("with a query", get("/metrics?x=1"), 200)
status("another path", get("/"), 404)
status("another path that begins so", get("/metrics/x"), 404)
status("another method", get(method="POST"), 405)
result("says which is allowed", b"\r\nAllow: GET\r\n" in get(method="DELETE"))
status("a page of a browser that names this machine",
       ask(b"GET /metrics HTTP/1.1\r\nHost: attacker.example:%d\r\n\r\n" % PORT), 403)
status("the same with a name that begins so",
       ask(b"GET /metrics HTTP/1.1\r\nHost: localhost.example\r\n\r\n"), 403)
status("no HTTP", ask(b"hello\r\n\r\n"), 400)
status("a path of any length", ask(b"GET /" + b"x" * 4000 + b" HTTP/1.1\r\n\r\n"), 400)
status("a head of any length", ask(b"GET /metrics HTTP/1.1\r\n" + b"X-A: b\r\n" * MOST), 431)
status("half a request", ask(b"GET /metrics HTT", True), 408)
result("nothing at all", ask(b"", True) == b"")


def is_open(s):
    """The server has not closed S, nor answered."""
    s.setblocking(False)
    try:
        s.recv(1)
    except BlockingIOError:
        return True
    except OSError:
        pass
    return False


def meanwhile(first):
    """One that says FIRST, and no more, is still connected when another has its answer; then its own. The server gives
    it seconds, which may have passed on a machine with much to do: several tries."""
    for _ in range(20):
        with socket.create_connection((HOST, PORT), 60) as silent:
            silent.sendall(first)
            answer = get()
            if not answer.startswith(b"HTTP/1.1 200 ") or not is_open(silent):
                continue
            silent.setblocking(True)
            try:
                silent.sendall(b"GET /metrics HTTP/1.1\r\n\r\n"[len(first):])
                if silent.recv(12) == b"HTTP/1.1 200":
                    return True
            except OSError:
                pass
    return False


result("nobody waits for one that says nothing", meanwhile(b""))
result("nor for one that says half", meanwhile(b"GET /met"))
many = [socket.create_connection((HOST, PORT), 60) for _ in range(100)]
status("nor, for ever, for a hundred", get(), 200)
for one in many:
    one.close()
status("and it still serves", get(), 200)
