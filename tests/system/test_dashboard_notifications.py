"""Who is told of alerts: over real sockets, with receivers that fail, stall, refuse, limit, and come back."""

import collections
import datetime
import http.server
import json
import os
import pathlib
import ssl
import subprocess
import tempfile
import threading
import time

from dashboard_client import BANK, PASSWORD, ROOT, Dashboard, User, alert_line, certificate, free_port, run, wait_until

ACCOUNT = "ACC-0000001234"


class Receiver:
    """Answers POSTs as `answers` says, one after another, and then 200; keeps what it was sent."""

    def __init__(self, answers=(), port=0, certificate=None):
        self.answers, self.got, self.lock = collections.deque(answers), [], threading.Lock()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with outer.lock:
                    answer = outer.answers.popleft() if outer.answers else 200
                    outer.got.append((time.time(), self.path, dict(self.headers), json.loads(body), answer))
                if answer == "close":
                    self.close_connection = True
                    return
                if isinstance(answer, float):
                    time.sleep(answer)
                    answer = 200
                status, headers, *text = answer if isinstance(answer, tuple) else (answer, {})
                text = text[0] if text else b"as you say: " + body[:100] if status == 400 else b"ok"
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.server.handle_error = lambda *_: None
        self.scheme = "http"
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
            self.scheme = "https"
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def url(self, path="/in", host="127.0.0.1"):
        return f"{self.scheme}://{host}:{self.port}{path}"

    def bodies(self, taken=False):
        with self.lock:
            return [body for _, _, _, body, answer in self.got if not taken or answer == 200]

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def secret_file(folder, name, text):
    path = folder / name
    path.write_text(text + "\n")
    path.chmod(0o600)
    return path


def signed_certificate(folder):
    """An authority of the test's own, and a certificate for localhost that it vouches for: (the authority's file, (certificate, key))."""
    folder = pathlib.Path(folder)
    authority, authority_key, key, wish, signed = (folder / name for name in ("authority.pem", "authority.key", "key.pem", "wish.pem", "signed.pem"))
    kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    commands = [["req", "-x509", *kind, "-days", "2", "-subj", "/CN=The test's authority", "-out", authority, "-keyout", authority_key],
                ["req", "-new", *kind, "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-out", wish, "-keyout", key],
                ["x509", "-req", "-in", wish, "-CA", authority, "-CAkey", authority_key, "-CAcreateserial", "-days", "2", "-copy_extensions", "copy",
                 "-out", signed]]
    for command in commands:
        subprocess.run(["openssl", *command], check=True, capture_output=True)
    return authority, (signed, key)


def started(receivers, settings=None):
    """`receivers`: a function of the folder, to the list as it stands in the file."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="bank_notifications_"))
    file = folder / "receivers.yaml"
    file.write_text("version: 1\nreceivers:\n" + receivers(folder))
    return Dashboard("--notifications", str(file), folder=folder, settings=settings)


def now():
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def add_alerts(dashboard, numbers, **more):
    fields = {"account": ACCOUNT, "reason": f"{ACCOUNT} paid $9000.00", "detected_at": now(), **more}
    with open(dashboard.folder / "fraud_alerts.json", "a") as file:
        file.writelines(alert_line(number, **fields) for number in numbers)


def alert_ids(bodies):
    return [body["alert"]["alert_id"] for body in bodies]


def receiver_state(admin, name="siem"):
    return next(one for one in admin.get("/api/v1/notifications")["receivers"] if one["name"] == name)


def metric(dashboard, name, receiver="siem"):
    for line in dashboard.raw("GET", "/metrics").body.splitlines():
        if line.startswith(f'{name}{{receiver="{receiver}"}} '):
            return float(line.split()[-1])
    raise AssertionError(f"no {name} of {receiver}")


def test_each_kind_gets_its_format_and_no_account_or_secret_shows():
    with Receiver() as receiver:
        def receivers(folder):
            token = secret_file(folder, "token", "t0ken-of-siem")
            key = secret_file(folder, "key", "r0uting-key")
            return (f"  - {{name: siem, kind: webhook, url: \"{receiver.url('/siem')}\", token_file: {token}}}\n"
                    f"  - {{name: desk, kind: slack, url_environment: DESK_URL, severities: [HIGH]}}\n"
                    f"  - {{name: night, kind: pagerduty, url: \"{receiver.url('/v2/enqueue')}\", token_file: {key}, rules: [VELOCITY]}}\n")
        with started(receivers, {"DESK_URL": receiver.url("/T1/slack-s3cret")}) as dashboard:
            add_alerts(dashboard, [1])
            add_alerts(dashboard, [2], rule="VELOCITY", severity="CRITICAL")
            wait_until(lambda: len(receiver.bodies()) == 4, "four messages")
            by_path = collections.defaultdict(list)
            for _, path, headers, body, _ in receiver.got:
                by_path[path].append((headers, body))
            siem = by_path["/siem"]
            assert sorted(alert_ids(body for _, body in siem)) == ["TXN-20260302-00000001:HIGH_AMOUNT", "TXN-20260302-00000002:VELOCITY"]
            assert siem[0][0]["Authorization"] == "Bearer t0ken-of-siem" and siem[0][0]["Idempotency-Key"] == siem[0][1]["key"]
            assert siem[0][1]["alert"]["account_number"] == "****1234" and siem[0][1]["alert"]["amount"] == "9000.00"
            (_, slack), = by_path["/T1/slack-s3cret"]
            assert slack["text"] == "HIGH HIGH_AMOUNT: ****1234 paid $9000.00" and slack["attachments"][0]["fields"]
            (_, event), = by_path["/v2/enqueue"]
            assert event["routing_key"] == "r0uting-key" and event["event_action"] == "trigger"
            assert event["dedup_key"] == "TXN-20260302-00000002:VELOCITY" and event["payload"]["severity"] == "critical"
            assert ACCOUNT not in json.dumps(receiver.bodies())
            admin = User(dashboard, "admin")
            shown = json.dumps(admin.get("/api/v1/notifications")) + dashboard.raw("GET", "/metrics").body + dashboard.stderr()
            for secret in ("t0ken-of-siem", "r0uting-key", "slack-s3cret", ACCOUNT):
                assert secret not in shown, secret
            for role in ("viewer", "analyst"):
                assert admin.call("POST", "/api/v1/users", {"user": role, "password": PASSWORD, "role": role}).status == 201
                user = User(dashboard, role)
                assert user.call("GET", "/api/v1/notifications").status == 403
                assert user.call("POST", "/api/v1/notifications/resend", {}).status == 403


def test_failures_are_tried_again_and_each_alert_is_taken_once():
    answers = [500, "close", (429, {"Retry-After": "3"}), 503]
    with Receiver(answers) as receiver:
        with started(lambda _: f"  - {{name: siem, kind: webhook, url: \"{receiver.url()}\"}}\n") as dashboard:
            add_alerts(dashboard, [1, 2])
            wait_until(lambda: len(receiver.bodies(taken=True)) == 2, "both taken", 60)
            times = [at for at, *_ in receiver.got]
            assert len(times) == 6, receiver.got
            pauses = [later - at for at, later in zip(times, times[1:])]
            assert pauses[0] >= 0.5, "the first failure was not followed by half a second at least"
            # Between the second and the third the client itself takes a new connection for the one that was closed.
            assert pauses[2] >= 2.9, "Retry-After was not kept"
            assert pauses[3] >= 2, "the pauses do not grow"
            assert len(set(alert_ids(receiver.bodies(taken=True)))) == 2
            assert metric(dashboard, "bank_notification_failures_total") >= 3
            wait_until(lambda: metric(dashboard, "bank_notification_messages_total") == 2, "counted")


def test_a_slow_receiver_holds_up_nobody():
    with Receiver([30.0] * 10) as slow, Receiver() as quick:
        def receivers(_):
            return (f"  - {{name: slow, kind: webhook, url: \"{slow.url()}\", timeout: 2s}}\n"
                    f"  - {{name: siem, kind: webhook, url: \"{quick.url()}\", per_minute: 6000, burst: 1000}}\n")
        with started(receivers) as dashboard:
            admin = User(dashboard, "admin")
            begun = time.time()
            add_alerts(dashboard, range(1, 201))
            wait_until(lambda: admin.get("/api/v1/statistics")["totals"]["alerts"] == 200, "all taken in", 10)
            wait_until(lambda: len(quick.bodies()) == 200, "the quick one has all", 30)
            wait_until(lambda: "imeout" in (receiver_state(admin, "slow")["trouble"] or ""), "it is told why the slow one fails")
            begun = time.time()
            dashboard.stop()
            assert time.time() - begun < 5, "a stalled receiver kept it from ending"


def test_a_killed_process_forgets_nothing_and_a_receiver_gets_it_when_it_is_back():
    port = free_port()
    with started(lambda _: f"  - {{name: siem, kind: webhook, url: \"http://127.0.0.1:{port}/in\", per_minute: 6000, burst: 100}}\n") as dashboard:
        admin = User(dashboard, "admin")
        add_alerts(dashboard, range(1, 21))
        wait_until(lambda: receiver_state(admin)["trouble"], "the receiver is away")
        assert receiver_state(admin)["waiting"] == 20
        dashboard.process.kill()
        dashboard.process.wait()
        add_alerts(dashboard, range(1, 31))  # twenty come again, ten are new
        with Receiver(port=port) as receiver:
            dashboard.start()
            wait_until(lambda: len(receiver.bodies()) == 30, "all of them", 60)
            time.sleep(0.5)
            assert sorted(alert_ids(receiver.bodies())) == sorted(set(alert_ids(receiver.bodies()))), "one came twice"
            assert len(receiver.bodies()) == 30


def test_what_is_refused_is_kept_seen_and_sent_again():
    with Receiver([400, 400]) as receiver:
        with started(lambda _: f"  - {{name: siem, kind: webhook, url: \"{receiver.url()}\"}}\n") as dashboard:
            admin = User(dashboard, "admin")
            add_alerts(dashboard, [1, 2, 3])
            wait_until(lambda: len(receiver.bodies()) == 3, "three tries")
            wait_until(lambda: metric(dashboard, "bank_notifications_waiting") == 0, "nothing waits")
            assert metric(dashboard, "bank_notifications_dead") == 2
            checks = {check["name"]: check for check in admin.get("/api/v1/health")["checks"]}
            wait_until(lambda: "could not be delivered" in {c["name"]: c for c in admin.get("/api/v1/health")["checks"]}["notifications"]["text"],
                       "the health says so")
            assert checks["notifications"]["status"] == "WARNING"
            page = admin.get("/api/v1/notifications?state=dead&receiver=siem&limit=1")
            assert page["items"][0]["error"].startswith("HTTP 400: as you say") and page["next_cursor"]
            rest = admin.get(f"/api/v1/notifications?state=dead&cursor={page['next_cursor']}")
            assert len(rest["items"]) == 1 and rest["next_cursor"] is None
            assert admin.call("GET", "/api/v1/notifications?state=odd").status == 400
            assert admin.call("POST", "/api/v1/notifications/resend", {"ids": ["x"]}).status == 400
            assert admin.call("POST", "/api/v1/notifications/resend", {"receiver": "other"}).status == 404
            assert admin.call("POST", "/api/v1/notifications/resend", {"ids": [page["items"][0]["id"]]}).json == {"resent": 1}
            assert admin.call("POST", "/api/v1/notifications/resend", {}).json == {"resent": 1}
            wait_until(lambda: len(receiver.bodies(taken=True)) == 3, "all three taken")
            wait_until(lambda: metric(dashboard, "bank_notifications_dead") == 0, "none is dead")
            log = admin.get("/api/v1/audit?action=notification")["items"]
            assert [entry["to"] for entry in log] == ["1", "1"]
            assert {entry["from"] for entry in log} == {item["alert_id"] for item in page["items"] + rest["items"]}, log


def test_a_sum_that_may_have_come_keeps_its_key_and_its_alerts_until_it_is_taken():
    def receivers(receiver):
        return lambda _: f"  - {{name: siem, kind: webhook, url: \"{receiver.url()}\", timeout: 1s, burst: 1, per_minute: 600}}\n"
    with Receiver([2.0, 2.0]) as receiver:  # takes it, and says so too late
        with started(receivers(receiver)) as dashboard:
            add_alerts(dashboard, range(1, 6))
            wait_until(lambda: len(receiver.bodies()) == 1, "the first try")
            add_alerts(dashboard, range(6, 9))
            wait_until(lambda: len(receiver.bodies()) == 2, "the second try")
            dashboard.process.kill()
            dashboard.process.wait()
            dashboard.start()
            admin = User(dashboard, "admin")
            wait_until(lambda: receiver_state(admin)["waiting"] == 0, "all are taken")
            bodies = receiver.bodies()
            told = {body["key"]: body.get("count", 1) for body in bodies}
            assert sum(told.values()) == 8, bodies
            assert len({headers["Idempotency-Key"] for _, _, headers, *_ in receiver.got}) == len(told)
            assert bodies[0] == bodies[1], bodies


def test_viewers_are_not_told_what_a_receiver_answered():
    with Receiver([(500, {}, b"s3cret-of-the-receiver")] * 50) as receiver:
        with started(lambda _: f"  - {{name: siem, kind: webhook, url: \"{receiver.url()}\"}}\n") as dashboard:
            admin = User(dashboard, "admin")
            assert admin.call("POST", "/api/v1/users", {"user": "vic", "password": PASSWORD, "role": "viewer"}).status == 201
            add_alerts(dashboard, [1])
            check = lambda user: next(one for one in user.get("/api/v1/health")["checks"] if one["name"] == "notifications")
            wait_until(lambda: "s3cret-of-the-receiver" in check(admin)["text"], "an admin is told")
            shown = check(User(dashboard, "vic"))
            assert shown["status"] == "WARNING" and "siem" in shown["text"] and "s3cret" not in shown["text"], shown


def test_what_is_given_up_can_be_discarded_and_is_not_sent_to_nobody():
    with Receiver([400] * 4) as receiver:
        def receivers(_):
            return "".join(f"  - {{name: {name}, kind: webhook, url: \"{receiver.url()}\"}}\n" for name in ("siem", "old"))
        with started(receivers) as dashboard:
            admin = User(dashboard, "admin")
            add_alerts(dashboard, [1, 2])
            wait_until(lambda: receiver_state(admin)["dead"] + receiver_state(admin, "old")["dead"] == 4, "all are given up")
            dashboard.stop()
            file = dashboard.folder / "receivers.yaml"
            file.write_text("".join(line for line in file.read_text().splitlines(True) if "name: old" not in line))
            dashboard.start()
            resend, discard = ("/api/v1/notifications/" + what for what in ("resend", "discard"))
            assert admin.call("POST", resend, {"receiver": "old"}).status == 404
            old = [item["id"] for item in admin.get("/api/v1/notifications?state=dead&receiver=old")["items"]]
            assert admin.call("POST", resend, {"ids": old}).json == {"resent": 0} and len(old) == 2
            assert admin.call("POST", discard, {}).status == 400
            assert admin.call("POST", discard, {"ids": ["x"]}).status == 400
            assert admin.call("POST", discard, {"ids": old[:1], "receiver": "siem"}).json == {"discarded": 0}
            assert admin.call("POST", discard, {"ids": old[:1]}).json == {"discarded": 1}
            assert admin.call("POST", discard, {"receiver": "old"}).json == {"discarded": 1}
            assert {item["receiver"] for item in admin.get("/api/v1/notifications?state=dead")["items"]} == {"siem"}
            log = admin.get("/api/v1/audit?action=notification.discard")["items"]
            assert [(entry["subject"], entry["to"]) for entry in log] == [("old", "1"), ("*", "1"), ("siem", "0")]
            assert admin.call("POST", resend, {}).json == {"resent": 2}
            wait_until(lambda: receiver_state(admin)["dead"] + receiver_state(admin)["waiting"] == 0, "what could be sent is")


def test_whatever_a_receiver_answers_is_kept_as_text_without_secrets():
    secret = "t0ken-of-siem"
    answers = [(400, {}, "Größe".encode("latin-1")), (400, {}, b"x" * 199 + "ß".encode()), (400, {}, b"x" * 195 + secret.encode()),
               (400, {}, b"x" * 100 + secret.encode() * 10_000)]
    with Receiver(answers) as receiver:
        def receivers(folder):
            return f"  - {{name: siem, kind: webhook, url: \"{receiver.url()}\", token_file: {secret_file(folder, 'token', secret)}}}\n"
        with started(receivers) as dashboard:
            admin = User(dashboard, "admin")
            add_alerts(dashboard, range(1, 5))
            wait_until(lambda: receiver_state(admin)["dead"] == 4, "all four are refused")
            errors = [item["error"] for item in admin.get("/api/v1/notifications?state=dead")["items"]][::-1]
            assert errors[0] == "HTTP 400: Gr\ufffd\ufffde" and errors[1] == "HTTP 400: " + "x" * 199, errors
            assert errors[2] == "HTTP 400: " + "x" * 195 + "…", errors
            assert errors[3] == "HTTP 400: " + "x" * 100 + "…" * 33, errors


def test_what_the_limit_holds_back_is_summed_up():
    with Receiver() as receiver:
        with started(lambda _: f"  - {{name: siem, kind: webhook, url: \"{receiver.url()}\", per_minute: 30, burst: 3}}\n") as dashboard:
            add_alerts(dashboard, range(1, 101))
            admin = User(dashboard, "admin")
            wait_until(lambda: admin.get("/api/v1/statistics")["totals"]["alerts"] == 100, "all taken in")
            wait_until(lambda: receiver_state(admin)["waiting"] == 0, "all told", 30)
            bodies = receiver.bodies()
            singles = [body for body in bodies if body["event"] == "alert"]
            sums = [body for body in bodies if body["event"] == "alerts"]
            assert len(bodies) <= 6 and len(sums) >= 1, [body["event"] for body in bodies]
            assert len(singles) + sum(body["count"] for body in sums) == 100
            assert all(sum(body["by_rule"].values()) == body["count"] and len(body["alerts"]) <= 20 for body in sums)


def test_old_alerts_are_not_told():
    with Receiver() as receiver:
        with started(lambda _: f"  - {{name: siem, kind: webhook, url: \"{receiver.url()}\", max_age: 10m}}\n") as dashboard:
            add_alerts(dashboard, [1], detected_at="2026-03-02T10:00:01.000000Z")
            add_alerts(dashboard, [2])
            wait_until(lambda: receiver.bodies(), "the new one")
            admin = User(dashboard, "admin")
            wait_until(lambda: admin.get("/api/v1/statistics")["totals"]["alerts"] == 2, "both are kept")
            assert alert_ids(receiver.bodies()) == ["TXN-20260302-00000002:HIGH_AMOUNT"]


def test_https_is_verified_by_the_receivers_own_authority():
    with tempfile.TemporaryDirectory() as keys, tempfile.TemporaryDirectory() as others:
        authority, pair = signed_certificate(keys)
        other = certificate(others)[0]
        with Receiver(certificate=pair) as receiver:
            def receivers(_):
                good, other_name = receiver.url(host="localhost"), receiver.url(host="127.0.0.1")
                return (f"  - {{name: siem, kind: webhook, url: \"{good}\", ca_file: {authority}}}\n"
                        f"  - {{name: unknown, kind: webhook, url: \"{good}\"}}\n"
                        f"  - {{name: foreign, kind: webhook, url: \"{good}\", ca_file: {other}}}\n"
                        f"  - {{name: misnamed, kind: webhook, url: \"{other_name}\", ca_file: {authority}}}\n")
            with started(receivers) as dashboard:
                admin = User(dashboard, "admin")
                add_alerts(dashboard, [1])
                wait_until(lambda: len(receiver.bodies()) == 1, "the one that knows the authority")
                for name in ("unknown", "foreign"):
                    wait_until(lambda: "certificate" in (receiver_state(admin, name)["trouble"] or ""), f"{name}: another authority is refused")
                wait_until(lambda: receiver_state(admin, "misnamed")["trouble"], "another name is refused")
                assert len(receiver.bodies()) == 1


def bank(folder, *flags):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("BANK_")}
    return subprocess.run([BANK, "dashboard", "--data-dir", str(folder), *flags], capture_output=True, text=True, cwd=ROOT,
                          env=environment, timeout=60)


def test_a_receiver_can_be_tried_and_mistakes_stop_the_start():
    with tempfile.TemporaryDirectory() as name, Receiver([200, 500]) as receiver:
        folder = pathlib.Path(name)
        file = folder / "receivers.yaml"
        file.write_text(f"version: 1\nreceivers:\n  - {{name: siem, kind: webhook, url: \"{receiver.url()}\"}}\n")
        tried = bank(folder, "--notifications", str(file), "--test-notification", "siem")
        assert tried.returncode == 0 and "siem took it: HTTP 200" in tried.stderr, tried
        assert receiver.bodies()[0]["alert"]["alert_type"] == "TEST"
        tried = bank(folder, "--notifications", str(file), "--test-notification", "siem")
        assert tried.returncode == 1 and "siem did not take it: HTTP 500" in tried.stderr, tried
        tried = bank(folder, "--notifications", str(file), "--test-notification", "seim")
        assert tried.returncode == 2 and "did you mean 'siem'?" in tried.stderr, tried
        tried = bank(folder, "--test-notification", "siem")
        assert tried.returncode == 2 and "dashboard.notifications" in tried.stderr, tried
        file.write_text("version: 1\nreceivers:\n  - {name: siem, kind: webhook, url: \"http://siem.example/in\"}\n")
        refused = bank(folder, "--notifications", str(file))
        assert refused.returncode == 2 and "receivers.yaml:3:" in refused.stderr and "https://" in refused.stderr, refused


if __name__ == "__main__":
    run([value for name, value in sorted(globals().items()) if name.startswith("test_")])
