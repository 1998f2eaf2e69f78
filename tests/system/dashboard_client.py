"""A running `bank dashboard`, and a client that checks every answer against its OpenAPI document."""

import http.client
import json
import os
import pathlib
import re
import socket
import ssl
import subprocess
import tempfile
import time
import urllib.parse

BANK = os.environ.get("BANK", "build/dev/bin/bank")
ROOT = pathlib.Path(__file__).resolve().parents[2]
PASSWORD = "correct horse battery"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def certificate(folder):
    """A certificate for localhost that vouches for itself, and its key: two files in `folder`."""
    folder = pathlib.Path(folder)
    files = folder / "certificate.pem", folder / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
                    "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-out", files[0], "-keyout", files[1]], check=True,
                   capture_output=True)
    return files


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"{self.status} {self.body[:500]!r}"


def schema_faults(value, schema, document, at="$"):
    """What of the part of JSON Schema that the document uses does not hold."""
    if "$ref" in schema:
        node = document
        for part in schema["$ref"].split("/")[1:]:
            node = node[part]
        yield from schema_faults(value, node, document, at)
        return
    if "anyOf" in schema:
        if all(list(schema_faults(value, each, document, at)) for each in schema["anyOf"]):
            yield f"{at}: {value!r} is none of {[each.get('$ref', each) for each in schema['anyOf']]}"
        return
    kinds = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}
    wanted = schema.get("type", [])
    wanted = [wanted] if isinstance(wanted, str) else wanted

    def is_kind(kind):
        if kind == "integer":
            return isinstance(value, int) and not isinstance(value, bool)
        if kind == "number":
            return isinstance(value, (int, float)) and not isinstance(value, bool)
        return isinstance(value, kinds[kind])

    if wanted and not any(is_kind(kind) for kind in wanted):
        yield f"{at}: {value!r} is not {wanted}"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{at}: {value!r} is not in {schema['enum']}"
    if isinstance(value, str):
        if "pattern" in schema and not re.search(schema["pattern"], value):
            yield f"{at}: {value!r} does not match {schema['pattern']}"
        if schema.get("format") == "date-time" and not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", value):
            yield f"{at}: {value!r} is no RFC 3339 time in UTC with microseconds"
    if isinstance(value, list):
        if len(value) > schema.get("maxItems", len(value)):
            yield f"{at}: {len(value)} items"
        for number, item in enumerate(value):
            yield from schema_faults(item, schema.get("items", {}), document, f"{at}[{number}]")
    if isinstance(value, dict):
        known = schema.get("properties", {})
        for name in schema.get("required", []):
            if name not in value:
                yield f"{at}: {name} is missing"
        for name, item in value.items():
            if name in known:
                yield from schema_faults(item, known[name], document, f"{at}.{name}")
            elif schema.get("additionalProperties") is False:
                yield f"{at}: {name} is not in the schema"


class Dashboard:
    """Starts it in a folder of its own; a context manager."""

    def __init__(self, *flags, folder=None, source="file", password=True, settings=None, tls=None):
        """`tls`: the certificate's file and its key's, as certificate() makes them."""
        self.folder = pathlib.Path(folder) if folder else pathlib.Path(tempfile.mkdtemp(prefix="bank_dashboard_"))
        self.port = free_port()
        self.flags = ["dashboard", "--listen", f"127.0.0.1:{self.port}", "--source", source, "--data-dir", str(self.folder), *flags]
        if password:
            secret = self.folder / "password"
            secret.write_text(PASSWORD + "\n")
            secret.chmod(0o600)
            self.flags += ["--admin-password-file", str(secret)]
        self.tls = None
        if tls:
            self.flags += ["--tls-certificate", str(tls[0]), "--tls-key", str(tls[1])]
            self.tls = ssl.create_default_context(cafile=str(tls[0]))
        self.settings = settings or {}
        self.process = None
        self.document = json.loads((ROOT / "src/server/openapi.json").read_text())
        self.called = set()
        self.start()

    def start(self):
        environment = {name: value for name, value in os.environ.items() if not name.startswith("BANK_")} | self.settings
        self.errors = open(self.folder / "stderr", "ab")
        self.process = subprocess.Popen([BANK, *self.flags], stderr=self.errors, env=environment, cwd=ROOT)
        deadline = time.time() + 60
        while time.time() < deadline:
            if self.process.poll() is not None:
                raise AssertionError(f"it ended with {self.process.returncode}: {self.stderr()}")
            try:
                if self.raw("GET", "/livez").status == 200:
                    return
            except OSError:
                time.sleep(0.05)
        raise AssertionError("it does not answer: " + self.stderr())

    def stderr(self):
        return (self.folder / "stderr").read_text(errors="replace")

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(30)
        return self.process.returncode

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def raw(self, method, path, body=None, headers=None, timeout=30):
        if self.tls:
            connection = http.client.HTTPSConnection("localhost", self.port, timeout=timeout, context=self.tls)
        else:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read().decode("utf-8", "replace"))
        finally:
            connection.close()

    def operation(self, method, path):
        bare = path.split("?")[0]
        best = None
        for pattern, item in self.document["paths"].items():
            expression = re.sub(r"\\{\w+\\}|\{\w+\}", "[^/]+", re.escape(pattern).replace(r"\{", "{").replace(r"\}", "}"))
            if re.fullmatch(expression, bare) and method.lower() in item and (best is None or "{" not in pattern):
                best = (pattern, item[method.lower()])
        assert best, f"{method} {bare} is not in openapi.json"
        return best

    def check(self, method, path, answer):
        """The answer's status and body are as the document says."""
        pattern, operation = self.operation(method, path)
        self.called.add((method, pattern))
        responses = operation["responses"]
        assert str(answer.status) in responses, f"{method} {path}: {answer} is not documented, {list(responses)} are"
        response = responses[str(answer.status)]
        if "$ref" in response:
            response = self.document["components"]["responses"][response["$ref"].rsplit("/", 1)[1]]
        content = response.get("content", {})
        kind = answer.headers.get("Content-Type", "").split(";")[0]
        if not content:
            assert answer.body == "", f"{method} {path}: {answer}"
            return
        assert kind in content, f"{method} {path}: {kind} is not among {list(content)}"
        if kind == "application/json":
            faults = list(schema_faults(answer.json, content[kind]["schema"], self.document))
            assert not faults, f"{method} {path}: " + "; ".join(faults[:5]) + f"\n{answer}"


class User:
    """Somebody logged in, or with a token."""

    def __init__(self, dashboard, user=None, password=PASSWORD, token=None):
        self.dashboard = dashboard
        self.headers = {}
        if token:
            self.headers["Authorization"] = "Bearer " + token
        if user:
            answer = self.call("POST", "/api/v1/session", {"user": user, "password": password})
            assert answer.status == 200, answer
            self.remember(answer)

    def remember(self, answer):
        self.headers["Cookie"] = answer.headers["Set-Cookie"].split(";")[0]
        self.headers["X-CSRF-Token"] = answer.json["csrf"]

    def call(self, method, path, body=None, headers=None):
        text = None if body is None else body if isinstance(body, (str, bytes)) else json.dumps(body)
        sent = {**self.headers, **({"Content-Type": "application/json"} if text is not None else {}), **(headers or {})}
        answer = self.dashboard.raw(method, path, text, sent)
        self.dashboard.check(method, path, answer)
        return answer

    def get(self, path):
        answer = self.call("GET", path)
        assert answer.status == 200, f"GET {path}: {answer}"
        return answer.json if answer.headers["Content-Type"].split(";")[0] == "application/json" else answer.body


def quoted(text):
    return urllib.parse.quote(text, safe="")


class Events:
    """Reads server-sent events."""

    def __init__(self, user, last_id=None):
        self.socket = socket.create_connection(("127.0.0.1", user.dashboard.port), 30)
        if user.dashboard.tls:
            self.socket = user.dashboard.tls.wrap_socket(self.socket, server_hostname="localhost")
        lines = [f"GET /api/v1/events HTTP/1.1", f"Host: localhost:{user.dashboard.port}"]
        lines += [f"{name}: {value}" for name, value in user.headers.items()]
        if last_id:
            lines.append(f"Last-Event-ID: {last_id}")
        self.socket.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        self.file = self.socket.makefile("rb")
        self.status = int(self.file.readline().split()[1])
        while self.file.readline().strip():
            pass
        user.dashboard.called.add(("GET", "/api/v1/events"))

    def next(self):
        event = {}
        while True:
            line = self.file.readline().decode()
            if not line:
                raise EOFError("the events have ended")
            line = line.rstrip("\n")
            if not line and "event" in event:
                return event["event"], json.loads(event["data"]), event.get("id")
            if line and not line.startswith(":"):
                name, _, value = line.partition(": ")
                event[name] = value

    def until(self, wanted, seconds=30, accept=lambda data: True):
        deadline = time.time() + seconds
        while time.time() < deadline:
            name, data, number = self.next()
            if name == wanted and accept(data):
                return data, number
        raise AssertionError(f"no event {wanted} within {seconds} s")

    def end(self, seconds=5):
        """The data of the events up to the server's closing it."""
        self.socket.settimeout(seconds)
        events = []
        deadline = time.time() + seconds
        try:
            while time.time() < deadline:
                events.append(self.next()[1])
        except EOFError:
            return events
        raise AssertionError(f"not ended within {seconds} s, but sent {len(events)} events")

    def close(self):
        self.file.close()
        self.socket.close()


def wait_until(condition, what, seconds=30):
    deadline = time.time() + seconds
    while time.time() < deadline:
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError(f"not within {seconds} s: {what}")


def transaction(number, account="ACC-0000000001", amount="12.50", time_text="2026-03-02 10:00:00", **more):
    fields = {"transaction_id": f"TXN-20260302-{number:08d}", "account_number": account, "transaction_type": "PAYMENT",
              "amount": float(amount), "timestamp": time_text, "location": "Online-Portal", "merchant": "Walmart", "status": "COMPLETED"}
    return {**fields, **more}


def processed_line(number, rules=(), risk=0, decision="APPROVE", **more):
    return json.dumps({**transaction(number, **more), "risk": risk, "decision": decision, "rules": list(rules)}) + "\n"


def alert_line(number, rule="HIGH_AMOUNT", severity="HIGH", score=40, account="ACC-0000000001", amount="9000.00",
               time_text="2026-03-02 10:00:00", reason="Amount $9000.00 exceeds $5000", **more):
    fields = {"alert_id": f"TXN-20260302-{number:08d}:{rule}", "alert_type": rule, "severity": severity, "score": score, "reason": reason,
              "transaction_id": f"TXN-20260302-{number:08d}", "account_number": account, "amount": float(amount), "timestamp": time_text,
              "rules_version": "000000000000", "detected_at": "2026-03-02T10:00:01.000000Z", "source": f"test:{number}"}
    return json.dumps({**fields, **more}) + "\n"


def run(tests):
    """Runs functions; every one that fails is told of."""
    failed = 0
    for test in tests:
        begun = time.time()
        try:
            test()
            print(f"ok   {test.__name__} ({time.time() - begun:.1f} s)", flush=True)
        except Exception as error:  # a test that fails must not keep the others from running
            failed += 1
            import traceback
            traceback.print_exc()
            print(f"FAIL {test.__name__}: {error}", flush=True)
    raise SystemExit(1 if failed else 0)
