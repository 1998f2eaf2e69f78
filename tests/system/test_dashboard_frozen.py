"""What the dashboard does while its PostgreSQL stands still: every process stopped, every connection open and silent."""

import concurrent.futures
import contextlib
import json
import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import tempfile
import time

from dashboard_client import Dashboard, User, alert_line, run, transaction, wait_until


def programs():
    found = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    return found[-1] if found else None


class Postgresql:
    """A server of the test's own, in a folder that goes with it, on a socket there."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="bank_pg_", dir="/tmp"))
        self.user = {}
        if os.geteuid() == 0:  # it refuses to run as root
            entry = pwd.getpwnam("postgres")
            os.chown(self.folder, entry.pw_uid, entry.pw_gid)
            self.user = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
        self.run("initdb", "-A", "trust", "-U", "tester", "--no-sync", "-E", "UTF8", "--locale=C")
        self.run("pg_ctl", "-w", "-l", str(self.folder / "log"), "-o", f"-c listen_addresses='' -k {self.folder} -c fsync=off", "start")
        self.url = f"postgresql:///postgres?user=tester&host={self.folder}"

    def run(self, program, *flags):
        subprocess.run([programs() / program, "-D", self.folder / "data", *flags], cwd=self.folder, check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, **self.user)

    def signal(self, number):
        first = int((self.folder / "data/postmaster.pid").read_text().split()[0])
        os.kill(first, number)
        for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                if int(stat.read_text().rpartition(")")[2].split()[1]) == first:
                    os.kill(int(stat.parent.name), number)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.signal(signal.SIGCONT)
        self.run("pg_ctl", "-m", "immediate", "-w", "stop")
        shutil.rmtree(self.folder, ignore_errors=True)


def timed(call, *arguments):
    begun = time.time()
    answer = call(*arguments)
    return answer, time.time() - begun


def append(dashboard, numbers):
    with open(dashboard.folder / "fraud_alerts.json", "a") as alerts:
        alerts.writelines(alert_line(number) for number in numbers)


def test_it_says_so_at_once_and_goes_on_when_the_store_does():
    with Postgresql() as postgresql, Dashboard("--store", postgresql.url) as dashboard:
        admin = User(dashboard, "admin")

        def alerts():
            return admin.get("/api/v1/statistics")["totals"]["alerts"]

        append(dashboard, range(10))
        wait_until(lambda: alerts() == 10, "the alerts before")
        wait_until(lambda: dashboard.raw("GET", "/readyz").status == 200, "ready")
        postgresql.signal(signal.SIGSTOP)
        append(dashboard, range(10, 30))
        with concurrent.futures.ThreadPoolExecutor() as pool:
            stuck = [pool.submit(timed, admin.call, "GET", "/api/v1/alerts") for _ in range(4)]
            said = None
            for _ in range(150):
                answer, seconds = timed(dashboard.raw, "GET", "/readyz")
                assert seconds < 1, f"/readyz took {seconds:.1f} s"
                if answer.status == 503:
                    said = answer
                    break
                time.sleep(0.1)
            assert said and "has not answered" in said.body, said
            for path, wanted in (("/livez", "alive"), ("/metrics", "bank_store_up 0")):
                answer, seconds = timed(dashboard.raw, "GET", path)
                assert answer.status == 200 and wanted in answer.body and seconds < 2, (path, seconds, answer)
            health, seconds = timed(admin.get, "/api/v1/health")
            assert not health["store"]["ready"] and seconds < 2, (seconds, health)
            answer, seconds = timed(admin.call, "GET", "/api/v1/cases")
            assert answer.status == 503 and seconds < 1, (seconds, answer)
            assert alerts() == 10
            for request in stuck:
                answer, seconds = request.result()
                assert answer.status == 503 and seconds < 45, (seconds, answer)
            # That a connection was given up, and another is not answered either, is no answer.
            for _ in range(10):
                answer, seconds = timed(admin.call, "GET", "/api/v1/cases")
                assert answer.status == 503 and seconds < 1, (seconds, answer)
                time.sleep(0.7)
        postgresql.signal(signal.SIGCONT)
        wait_until(lambda: alerts() == 30, "what came meanwhile, once", 60)
        wait_until(lambda: dashboard.raw("GET", "/readyz").status == 200, "ready again")
        assert dashboard.stop() == 143


def test_it_ends_when_told_to_says_what_it_could_not_keep_and_reads_the_rest_again():
    with Postgresql() as postgresql, Dashboard("--store", postgresql.url) as dashboard:
        admin = User(dashboard, "admin")
        append(dashboard, range(10))
        wait_until(lambda: admin.get("/api/v1/statistics")["totals"]["alerts"] == 10, "the alerts before")
        admin.get("/api/v1/session")
        postgresql.signal(signal.SIGSTOP)
        append(dashboard, range(10, 30))
        decided = dashboard.raw("POST", "/api/v1/decisions", json.dumps(transaction(500)), {**admin.headers, "Content-Type": "application/json"})
        assert decided.status == 200, decided
        time.sleep(0.5)
        code, seconds = timed(dashboard.stop)
        assert seconds < 15, f"the stop took {seconds:.1f} s"
        assert code == 143 and "could not take: 1" in dashboard.stderr(), (code, dashboard.stderr())
        postgresql.signal(signal.SIGCONT)
        dashboard.start()
        admin = User(dashboard, "admin")
        wait_until(lambda: admin.get("/api/v1/statistics")["totals"]["alerts"] == 30, "what came meanwhile, once", 60)


if __name__ == "__main__":
    if programs() is None:
        print("skipped: PostgreSQL is not installed (package postgresql)")
        raise SystemExit(0)
    run([value for name, value in list(globals().items()) if name.startswith("test_")])
