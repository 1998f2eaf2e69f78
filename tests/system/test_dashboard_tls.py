"""The dashboard over TLS: real sockets, a certificate of the test's own."""

import os
import socket
import ssl
import subprocess
import tempfile
import warnings

from dashboard_client import BANK, PASSWORD, ROOT, Dashboard, Events, User, alert_line, certificate, run, wait_until


def refused(folder, *flags):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("BANK_")}
    done = subprocess.run([BANK, "dashboard", "--data-dir", str(folder), *flags], capture_output=True, text=True, cwd=ROOT, env=environment,
                          timeout=60)
    assert done.returncode == 2, done
    return done.stderr


def test_login_events_and_work_go_over_tls_by_a_cookie_for_this_host_alone():
    with tempfile.TemporaryDirectory() as keys, Dashboard(tls=certificate(keys)) as dashboard:
        assert "https://127.0.0.1" in dashboard.stderr()
        answer = dashboard.raw("POST", "/api/v1/session", f'{{"user":"admin","password":"{PASSWORD}"}}', {"Content-Type": "application/json"})
        assert answer.status == 200, answer
        cookie, *attributes = [part.strip() for part in answer.headers["Set-Cookie"].split(";")]
        assert cookie.startswith("__Host-session="), cookie
        assert {"Secure", "HttpOnly", "SameSite=Strict", "Path=/"} <= set(attributes), attributes
        assert not [part for part in attributes if part.startswith("Domain")], attributes
        assert answer.headers["Strict-Transport-Security"], answer.headers
        admin = User(dashboard, "admin")
        assert admin.get("/api/v1/session")["user"] == "admin"
        # The name that plain HTTP uses is not taken here: anybody on the way could have set it.
        plain = {"Cookie": admin.headers["Cookie"].replace("__Host-session", "session")}
        assert dashboard.raw("GET", "/api/v1/session", headers=plain).status == 401
        events = Events(admin)
        assert events.status == 200 and events.next()[0] == "snapshot"
        with open(dashboard.folder / "fraud_alerts.json", "a") as alerts:
            alerts.write(alert_line(1))
        assert events.until("alert")[0]["transaction_id"] == "TXN-20260302-00000001"
        events.close()
        assert dashboard.raw("GET", "/api/v1/session", headers={**admin.headers, "Origin": f"http://localhost:{dashboard.port}"}).status == 403


def test_what_is_no_handshake_disturbs_nobody():
    with tempfile.TemporaryDirectory() as keys, Dashboard(tls=certificate(keys)) as dashboard:
        silent = [socket.create_connection(("127.0.0.1", dashboard.port)) for _ in range(50)]
        with socket.create_connection(("127.0.0.1", dashboard.port), 10) as plain:
            plain.sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert b"200" not in plain.recv(1000), "it answered without TLS"
        old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
        old.set_ciphers("DEFAULT@SECLEVEL=0")
        try:
            with socket.create_connection(("127.0.0.1", dashboard.port), 10) as connection, old.wrap_socket(connection):
                raise AssertionError("it took TLS 1.1")
        except (ssl.SSLError, ConnectionError):
            pass
        assert dashboard.raw("GET", "/livez").status == 200
        for connection in silent:
            connection.settimeout(15)
        wait_until(lambda: silent[0].recv(1) == b"", "a client that never begins is left", 15)
        for connection in silent:
            connection.close()


def test_a_certificate_that_does_not_fit_stops_the_start():
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        mine, foreign = certificate(one), certificate(other)
        told = refused(one, "--tls-certificate", str(mine[0]), "--tls-key", str(foreign[1]))
        assert str(foreign[1]) in told and "must be PEM" in told, told
        told = refused(one, "--tls-certificate", "/not/there", "--tls-key", str(mine[1]))
        assert "/not/there" in told, told
        told = refused(one, "--tls-certificate", str(mine[0]))
        assert "go together" in told, told


if __name__ == "__main__":
    run([value for name, value in list(globals().items()) if name.startswith("test_")])
