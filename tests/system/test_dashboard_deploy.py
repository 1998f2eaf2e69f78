"""What deploy/ has for Prometheus, Grafana and systemd is what those programs take."""

import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile

from dashboard_client import BANK, PASSWORD, ROOT, Dashboard, free_port, run

DEPLOY = ROOT / "deploy"


def succeeds(*command):
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=60)
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"


def test_prometheus_takes_the_configuration_and_the_rules():
    succeeds("promtool", "check", "config", "deploy/prometheus/prometheus.yml")
    succeeds("promtool", "check", "rules", "deploy/prometheus/alerts.yml")


def test_every_rule_fires_when_it_should():
    succeeds("promtool", "test", "rules", "deploy/prometheus/alerts_test.yml")
    tested = (DEPLOY / "prometheus/alerts_test.yml").read_text()
    for name in re.findall(r"- alert: (\w+)", (DEPLOY / "prometheus/alerts.yml").read_text()):
        assert name in tested, f"no test of {name}"


def test_panels_ask_the_chosen_source_and_lie_beside_one_another():
    dashboard = json.loads((DEPLOY / "grafana/dashboards/bank.json").read_text())
    # The detectors and the dashboard count the same transactions: who sums over both counts twice.
    job = next(variable for variable in dashboard["templating"]["list"] if variable["name"] == "job")
    assert not job["includeAll"] and not job["multi"], job
    taken, ids = set(), set()
    for panel in dashboard["panels"]:
        assert panel["id"] not in ids and panel["datasource"]["uid"] == "${datasource}", panel["title"]
        ids.add(panel["id"])
        at = panel["gridPos"]
        for cell in ((x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])):
            assert cell[0] < 24 and cell not in taken, f"{panel['title']} lies on another panel"
            taken.add(cell)


def test_systemd_takes_the_unit():
    if not shutil.which("systemd-analyze"):
        print("     left out: there is no systemd here")
        return
    unit = (DEPLOY / "systemd/bank-dashboard.service").read_text()
    assert "/usr/local/bin/bank" in unit
    with tempfile.TemporaryDirectory() as folder:
        copy = pathlib.Path(folder) / "bank-dashboard.service"
        copy.write_text(unit.replace("/usr/local/bin/bank", "/bin/true"))
        done = subprocess.run(["systemd-analyze", "verify", copy], capture_output=True, text=True, timeout=60)
    about = [line for line in (done.stdout + done.stderr).splitlines() if "bank-dashboard" in line]
    assert done.returncode == 0 and not about, about


def installed_unit(folder):
    """The unit's settings, and its command, for a program that is installed below `folder` as the unit says."""
    unit = (DEPLOY / "systemd/bank-dashboard.service").read_text()
    settings = dict(line.split("=", 1) for line in unit.splitlines() if "=" in line and not line.startswith("#"))
    places = {"/usr/local": folder / "prefix", "/etc/bank": folder / "etc", "%S": folder / "state", "%d": folder / "credentials"}
    for place, path in places.items():
        path.mkdir()
        settings = {name: value.replace(place, str(path)) for name, value in settings.items()}
    subprocess.run(["cmake", "--install", pathlib.Path(BANK).resolve().parents[1], "--prefix", folder / "prefix"], check=True,
                   stdout=subprocess.DEVNULL)
    (folder / "state/bank").mkdir()
    (folder / "credentials/admin-password").write_text(PASSWORD + "\n")
    (folder / "credentials/admin-password").chmod(0o600)
    return settings, settings["ExecStart"].split()


def test_the_units_command_serves_from_where_it_runs():
    for own_settings in (False, True):
        with tempfile.TemporaryDirectory() as name, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            folder = pathlib.Path(name)
            settings, command = installed_unit(folder)
            file = folder / "etc/bank.yaml"
            file.write_text("dashboard:\n  session: 1h\n" if own_settings else (folder / "prefix/share/bank/bank.yaml").read_text())
            manager.bind(str(folder / "notify"))
            manager.settimeout(30)
            environment = {"NOTIFY_SOCKET": str(folder / "notify"), "BANK_DASHBOARD_LISTEN": f"127.0.0.1:{free_port()}"}
            assert settings["WorkingDirectory"] == str(folder / "state/bank")
            for directory in ("/", settings["WorkingDirectory"]):
                process = subprocess.Popen(command, cwd=directory, env=environment, stderr=subprocess.PIPE, text=True)
                try:
                    assert manager.recv(100) == b"READY=1", process
                finally:
                    process.terminate()
                    told = process.communicate(timeout=30)[1]
                assert process.returncode == 143, told
                assert manager.recv(100) == b"STOPPING=1"
            assert (folder / "state/bank/dashboard.db").exists(), list((folder / "state/bank").iterdir())


def test_a_mistake_in_the_settings_is_not_tried_again():
    with tempfile.TemporaryDirectory() as name:
        settings, command = installed_unit(pathlib.Path(name))
        (pathlib.Path(name) / "etc/bank.yaml").write_text("dashboard:\n  lisen: 127.0.0.1:1\n")
        done = subprocess.run(command, cwd="/", capture_output=True, text=True, timeout=60)
        assert "did you mean" in done.stderr, done
        assert str(done.returncode) in settings["RestartPreventExitStatus"].split(), done


def test_the_service_manager_is_told_when_it_serves_and_when_it_ends():
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        path = os.path.join(folder, "notify")
        manager.bind(path)
        manager.settimeout(30)
        with Dashboard(settings={"NOTIFY_SOCKET": path}) as dashboard:
            assert manager.recv(100) == b"READY=1"
            assert dashboard.raw("GET", "/livez").status == 200
            assert dashboard.stop() == 143
            assert manager.recv(100) == b"STOPPING=1"


if __name__ == "__main__":
    run([value for name, value in list(globals().items()) if name.startswith("test_")])
