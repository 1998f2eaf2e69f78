"""What the dashboard does while its store is locked, gone or full, and with many browsers at once."""

import json
import resource
import sqlite3
import time

from dashboard_client import PASSWORD, Dashboard, Events, User, alert_line, run, transaction, wait_until


def alerts_in(user):
    return user.get("/api/v1/statistics")["totals"]["alerts"]


def append(dashboard, numbers):
    with open(dashboard.folder / "fraud_alerts.json", "a") as alerts:
        for number in numbers:
            alerts.write(alert_line(number))


def test_a_locked_store_stops_the_source_and_loses_nothing():
    with Dashboard() as dashboard:
        admin = User(dashboard, "admin")
        append(dashboard, range(10))
        wait_until(lambda: alerts_in(admin) == 10, "the alerts before")
        other = sqlite3.connect(dashboard.folder / "dashboard.db", isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        append(dashboard, range(10, 30))
        wait_until(lambda: dashboard.raw("GET", "/readyz").status == 503, "/readyz says so")
        assert "another program holds it" in dashboard.raw("GET", "/readyz").body
        assert dashboard.raw("GET", "/livez").status == 200
        assert "bank_store_up 0" in dashboard.raw("GET", "/metrics").body
        assert alerts_in(admin) == 10
        assert admin.call("PATCH", "/api/v1/alerts/TXN-20260302-00000001%3AHIGH_AMOUNT", {"status": "closed", "version": 1}).status == 503
        other.execute("ROLLBACK")
        other.close()
        wait_until(lambda: alerts_in(admin) == 30, "what came meanwhile")
        wait_until(lambda: dashboard.raw("GET", "/readyz").status == 200, "/readyz says so again")


def test_behind_a_proxy_nobody_is_told_where_the_store_is():
    with Dashboard("--origin", "https://fraud.example") as dashboard:
        wait_until(lambda: dashboard.raw("GET", "/readyz").status == 200, "ready")
        other = sqlite3.connect(dashboard.folder / "dashboard.db", isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        wait_until(lambda: dashboard.raw("GET", "/readyz").status == 503, "/readyz says so")
        assert dashboard.raw("GET", "/readyz").body == "the store can't be written\n"
        login = dashboard.raw("POST", "/api/v1/session", json.dumps({"user": "admin", "password": PASSWORD}), {"Content-Type": "application/json"})
        assert login.status == 503 and login.json["error"]["message"] == "the store does not answer", login
        assert "dashboard.db" not in dashboard.raw("GET", "/metrics").body
        other.close()


def test_a_store_that_is_taken_away_is_missed_and_taken_up_again():
    with Dashboard() as dashboard:
        admin = User(dashboard, "admin")
        append(dashboard, range(5))
        wait_until(lambda: alerts_in(admin) == 5, "the alerts before")
        (dashboard.folder / "dashboard.db").rename(dashboard.folder / "away.db")
        append(dashboard, range(5, 12))
        wait_until(lambda: "is gone" in dashboard.raw("GET", "/readyz").body, "/readyz says so")
        (dashboard.folder / "away.db").rename(dashboard.folder / "dashboard.db")
        wait_until(lambda: alerts_in(admin) == 12, "what came meanwhile")


def test_decisions_are_refused_before_they_are_judged_while_the_store_is_behind():
    with Dashboard() as dashboard:
        admin = User(dashboard, "admin")
        wait_until(lambda: dashboard.raw("GET", "/readyz").status == 200, "ready")
        admin.get("/api/v1/session")  # who asks is known from here on without the store
        other = sqlite3.connect(dashboard.folder / "dashboard.db", isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        refused = None
        for number in range(100):
            batch = [transaction(number * 10_000 + i, account=f"ACC-{number:04d}{i:06d}") for i in range(10_000)]
            answer = dashboard.raw("POST", "/api/v1/decisions", json.dumps({"transactions": batch}),
                                   {**admin.headers, "Content-Type": "application/json"})
            if answer.status == 503:
                refused = batch
                break
            assert answer.status == 200, answer
        assert refused and answer.headers["Retry-After"] and "behind" in answer.body, f"it judges without end: {number} {answer}"
        other.execute("ROLLBACK")
        other.close()
        count = number * 10_000
        wait_until(lambda: admin.get("/api/v1/statistics")["totals"]["transactions"] == count, "all that was judged is kept", 120)
        again = admin.call("POST", "/api/v1/decisions", {"transactions": refused})
        assert again.status == 200 and not [one for one in again.json["results"] if one["resend"]], "what was refused had been judged"
        # And what was answered just before the end is kept.
        dashboard.stop()
        dashboard.start()
        assert admin.get("/api/v1/statistics")["totals"]["transactions"] == count + 10_000


def test_a_full_store_is_told_and_goes_on_when_there_is_room():
    with Dashboard() as dashboard:
        admin = User(dashboard, "admin")
        wait_until(lambda: dashboard.raw("GET", "/readyz").status == 200, "ready")
        size = (dashboard.folder / "dashboard.db").stat().st_size
        # No file of this process may grow beyond this, which SQLite hears as any other failure to write.
        resource.prlimit(dashboard.process.pid, resource.RLIMIT_FSIZE, (size + 40_000, resource.RLIM_INFINITY))
        append(dashboard, range(2000))
        wait_until(lambda: dashboard.raw("GET", "/readyz").status == 503, "/readyz says so")
        assert dashboard.process.poll() is None
        resource.prlimit(dashboard.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        wait_until(lambda: alerts_in(admin) == 2000, "everything, once there is room")
        assert len(admin.get("/api/v1/alerts?limit=200")["items"]) == 200


def test_five_hundred_browsers_are_served():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
    with Dashboard("--rate", "500", source="demo") as dashboard:
        admin = User(dashboard, "admin")
        browsers = [Events(admin) for _ in range(500)]
        assert all(browser.status == 200 for browser in browsers)
        assert admin.get("/api/v1/health")["events"]["clients"] == 500
        begun = time.time()
        for browser in browsers:
            browser.until("tick", 20)
        assert time.time() - begun < 20, time.time() - begun
        wait_until(lambda: admin.get("/api/v1/statistics")["rates"]["transactions_per_s"] > 400, "the stream is as quick as it was")
        for browser in browsers:
            browser.close()
        wait_until(lambda: admin.get("/api/v1/health")["events"]["clients"] == 0, "they are gone")
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


if __name__ == "__main__":
    run([value for name, value in list(globals().items()) if name.startswith("test_")])
