"""What hostile, broken and slow clients get from the dashboard."""

import json
import socket
import time

from dashboard_client import PASSWORD, Dashboard, Events, User, alert_line, processed_line, quoted, run, wait_until


def exchange(dashboard, data, seconds=20):
    """Sends bytes as they are; what comes back until the connection is closed."""
    with socket.create_connection(("127.0.0.1", dashboard.port), seconds) as connection:
        connection.sendall(data)
        answer = b""
        try:
            while part := connection.recv(65536):
                answer += part
        except ConnectionResetError:
            pass
        return answer


def status_of(answer):
    return int(answer.split(b" ", 2)[1])


def host(dashboard):
    return f"Host: 127.0.0.1:{dashboard.port}\r\n".encode()


def test_requests_that_are_none_are_refused_and_the_server_lives():
    with Dashboard() as dashboard:
        own = host(dashboard)
        for data, status in (
                (b"nonsense\r\n\r\n", 400),
                (b"GET / HTTP/9.9\r\n\r\n", 400),
                (b"GET / HTTP/1.1\r\nbad header\r\n\r\n", 400),
                (b"GET / HTTP/1.1\r\n" + own + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n", 400),
                (b"POST / HTTP/1.1\r\n" + own + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
                (b"GET / HTTP/1.1\r\n" + own + b"X: " + b"a" * 100_000 + b"\r\n\r\n", 431),
                (b"GET / HTTP/1.1\r\n" + own + b"".join(b"X-%d: y\r\n" % i for i in range(20_000)) + b"\r\n", 431),
                (b"GET /" + b"a" * 50_000 + b" HTTP/1.1\r\n" + own + b"\r\n", 431)):
            answer = exchange(dashboard, data)
            assert status_of(answer) == status, (data[:60], answer[:200])
        assert dashboard.raw("GET", "/livez").status == 200


def test_a_huge_body_is_refused_before_it_is_read():
    with Dashboard() as dashboard:
        admin = User(dashboard, "admin")
        lines = [b"POST /api/v1/decisions HTTP/1.1", host(dashboard).strip(), b"Content-Type: application/json", b"Content-Length: 104857600"]
        lines += [f"{name}: {value}".encode() for name, value in admin.headers.items()]
        begun = time.time()
        answer = exchange(dashboard, b"\r\n".join(lines) + b"\r\n\r\n" + b" " * 300_000)
        assert status_of(answer) == 413 and time.time() - begun < 5, answer[:200]
        chunks = b"\r\n".join(lines[:3] + lines[4:]) + b"\r\nTransfer-Encoding: chunked\r\n\r\n" + b"100000\r\n" + b" " * 0x100000 + b"\r\n"
        with socket.create_connection(("127.0.0.1", dashboard.port), 20) as connection:
            connection.sendall(chunks)
            try:
                for _ in range(20):
                    connection.sendall(b"100000\r\n" + b" " * 0x100000 + b"\r\n")
            except OSError:
                pass  # it does not listen any more
            try:
                assert status_of(connection.recv(65536)) == 413
            except ConnectionResetError:
                pass
        assert dashboard.raw("GET", "/livez").status == 200


def test_slow_clients_are_cut_off_and_hold_up_nobody():
    with Dashboard() as dashboard:
        slow = [socket.create_connection(("127.0.0.1", dashboard.port), 30) for _ in range(200)]
        for connection in slow:
            connection.sendall(b"GET /livez HTTP/1.1\r\nX-Slow: ")
        begun = time.time()
        for _ in range(12):
            for connection in slow[:20]:
                try:
                    connection.sendall(b"a")
                except OSError:
                    pass
            assert dashboard.raw("GET", "/livez").status == 200
            time.sleep(1)
        for connection in slow:
            connection.settimeout(5)
            try:
                assert connection.recv(100) == b""
            except ConnectionResetError:
                pass
            connection.close()
        assert time.time() - begun < 40


def test_paths_that_climb_lead_nowhere():
    with Dashboard() as dashboard:
        for path in ("/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/assets/../../x", "/..%2f..%2fetc/passwd", "//etc/passwd",
                     "/assets/%00", "/%ff", "/..\\..\\x", "/assets/.hidden"):
            answer = exchange(dashboard, f"GET {path} HTTP/1.1\r\n".encode() + host(dashboard) + b"Connection: close\r\n\r\n")
            assert status_of(answer) in (400, 404), (path, answer[:200])
            assert b"root:" not in answer


def test_pages_from_elsewhere_may_not_ask():
    with Dashboard() as dashboard:
        admin = User(dashboard, "admin")
        alerts = "/api/v1/alerts"
        for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Host": "evil.example"}, {"Sec-Fetch-Site": "cross-site"},
                        {"Origin": f"http://127.0.0.1:{dashboard.port + 1}"}):
            answer = dashboard.raw("GET", alerts, headers={**admin.headers, **headers})
            assert answer.status == 403 and "Access-Control-Allow-Origin" not in answer.headers, (headers, answer)
        assert dashboard.raw("GET", alerts, headers={**admin.headers, "Origin": f"http://127.0.0.1:{dashboard.port}"}).status == 200
        body = json.dumps({"user": "eve", "password": PASSWORD, "role": "admin"})
        cookie = {"Cookie": admin.headers["Cookie"], "Content-Type": "application/json"}
        for extra in ({}, {"X-CSRF-Token": "0" * 64}):
            answer = dashboard.raw("POST", "/api/v1/users", body, {**cookie, **extra})
            assert answer.status == 403 and answer.json["error"]["code"] == "csrf", answer
        # A form can send no JSON.
        answer = dashboard.raw("POST", "/api/v1/users", body, {**admin.headers, "Content-Type": "text/plain"})
        assert answer.status == 415, answer
        assert dashboard.raw("PUT", alerts, headers=admin.headers).status == 405


def test_headers_say_what_browsers_may_do():
    with Dashboard() as dashboard:
        answer = dashboard.raw("GET", "/")
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        login = dashboard.raw("POST", "/api/v1/session", json.dumps({"user": "admin", "password": PASSWORD}), {"Content-Type": "application/json"})
        cookie = login.headers["Set-Cookie"]
        assert "HttpOnly" in cookie and "SameSite=Strict" in cookie and "Path=/" in cookie, cookie
        assert login.headers["Cache-Control"] == "no-store"


def test_guessing_passwords_becomes_slow():
    with Dashboard() as dashboard:
        nobody = User(dashboard)
        statuses = [nobody.call("POST", "/api/v1/session", {"user": "admin", "password": f"guess number {i}"}).status for i in range(8)]
        assert statuses[:5] == [401] * 5 and 429 in statuses, statuses
        answer = nobody.call("POST", "/api/v1/session", {"user": "admin", "password": PASSWORD})
        assert answer.status == 429 and int(answer.headers["Retry-After"]) >= 1, answer
        assert "password" not in dashboard.stderr() or PASSWORD not in dashboard.stderr()


EVIL = "<script>alert(1)</script>\x1b[31m\u202e'; DROP TABLE alerts; --"


def test_hostile_texts_in_every_field_come_back_as_they_are():
    dashboard = Dashboard()
    dashboard.flags += ["--processed", str(dashboard.folder / "processed.json")]
    dashboard.stop()
    dashboard.start()
    with dashboard:
        admin = User(dashboard, "admin")
        evil = {"account": EVIL[:60], "transaction_id": "E" + EVIL, "location": EVIL, "merchant": EVIL}
        with open(dashboard.folder / "processed.json", "a") as processed:
            processed.write(processed_line(1, [EVIL], 40, **evil))
            processed.write('{"broken\n' + processed_line(2).replace('"rules": []', '"rules": [{"x": "</script>"}]'))
        with open(dashboard.folder / "fraud_alerts.json", "a") as alerts:
            alerts.write(alert_line(1, rule=EVIL, account=EVIL[:60], reason=EVIL, source=EVIL, alert_id=EVIL, transaction_id="E" + EVIL))
        wait_until(lambda: admin.get("/api/v1/statistics")["totals"]["alerts"] == 1, "the alert")
        wait_until(lambda: admin.get("/api/v1/statistics")["totals"]["transactions"] == 2, "the transactions")
        item = admin.get("/api/v1/alerts")["items"][0]
        assert item["reason"] == EVIL and item["alert_id"] == EVIL and item["account_number"] == EVIL[:60]
        assert admin.get("/api/v1/alerts/" + quoted(EVIL))["transaction_id"] == "E" + EVIL
        account = admin.get("/api/v1/accounts/" + item["account_ref"])
        assert account["transactions"][0]["merchant"] == EVIL and account["transactions"][0]["rules"] == [EVIL], account
        raw = dashboard.raw("GET", "/api/v1/alerts", headers=admin.headers)
        assert raw.headers["Content-Type"] == "application/json" and "\x1b" not in raw.body
        metrics = dashboard.raw("GET", "/metrics").body
        assert 'bank_unreadable_records_total 1' in metrics and "DROP TABLE" in metrics  # a rule's name is a label, escaped
        assert admin.call("POST", "/api/v1/users", {"user": EVIL, "password": PASSWORD, "role": "viewer"}).status == 400
        assert admin.call("POST", "/api/v1/tokens", {"name": EVIL, "scopes": ["read"]}).status == 201
        assert "\x1b" not in dashboard.stderr()


def test_a_browser_that_does_not_read_is_told_what_it_lost_and_slows_nobody():
    dashboard = Dashboard("--rate", "2000", source="demo")
    with dashboard:
        admin = User(dashboard, "admin")
        stalled = [Events(admin) for _ in range(5)]
        listening = Events(admin)
        listening.until("snapshot")
        for _ in range(20):
            tick, _ = listening.until("tick", 10)
        assert tick["totals"]["transactions"] > 500, tick["totals"]
        for events in stalled:
            events.close()
        listening.close()


def test_other_addresses_want_tls():
    import subprocess

    from dashboard_client import BANK
    done = subprocess.run([BANK, "dashboard", "--listen", "0.0.0.0:0"], capture_output=True, text=True)
    assert done.returncode == 2 and "--tls-certificate" in done.stderr, done


if __name__ == "__main__":
    run([value for name, value in list(globals().items()) if name.startswith("test_")])
