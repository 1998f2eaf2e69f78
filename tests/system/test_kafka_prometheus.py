"""A real Prometheus scrapes a detector and a dashboard on a real Kafka: every query of the Grafana dashboard and every side of every
alert rule's condition finds data."""

import json
import os
import pathlib
import re
import subprocess
import tempfile
import time
import urllib.parse
import urllib.request

from dashboard_client import BANK, ROOT, Dashboard, User, run, transaction, wait_until
from kafka_broker import Broker, free_ports

TOPICS = {"banking-transactions": 3, "fraud-alerts": 3, "processed-transactions": 3, "banking-transactions.dlq": 3}
DEPLOY = ROOT / "deploy"


def expressions():
    """(where it stands, expression): those of the panels, and both sides of each rule's comparisons."""
    dashboard = json.loads((DEPLOY / "grafana/dashboards/bank.json").read_text())
    for panel in dashboard["panels"]:
        for target in panel["targets"]:
            yield panel["title"], target["expr"].replace("$__rate_interval", "15s").replace("$job", "bank-.*")
    rules = (DEPLOY / "prometheus/alerts.yml").read_text()
    for name, expression in re.findall(r"- alert: (\w+)\n\s+expr: (?:>-\n)?((?:.+\n)+?)\s+(?:for|labels):", rules):
        expression = " ".join(line.strip() for line in expression.splitlines())
        for part in re.split(r" and on \([^)]*\) ", expression):
            yield name, re.sub(r"\[\d+m\]", "[15s]", re.split(r" (?:==|>|<) ", part)[0])


class Prometheus:
    def __init__(self, folder, ports):
        self.port = free_ports(1)[0]
        config = (DEPLOY / "prometheus/prometheus.yml").read_text().replace("15s", "1s")
        for name, port in ports.items():
            config = config.replace(name, f"127.0.0.1:{port}")
        (folder / "prometheus.yml").write_text(config)
        (folder / "alerts.yml").write_text((DEPLOY / "prometheus/alerts.yml").read_text())
        self.log = open(folder / "log", "wb")
        self.process = subprocess.Popen(["prometheus", f"--config.file={folder / 'prometheus.yml'}", f"--storage.tsdb.path={folder / 'data'}",
                                         f"--web.listen-address=127.0.0.1:{self.port}"], stdout=self.log, stderr=self.log)
        wait_until(self.ready, "Prometheus is ready", 60)

    def ready(self):
        assert self.process.poll() is None, "Prometheus has ended"
        try:
            return urllib.request.urlopen(f"http://127.0.0.1:{self.port}/-/ready", timeout=5).status == 200
        except OSError:
            return False

    def get(self, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/api/v1/{path}", timeout=10) as answer:
            return json.load(answer)["data"]

    def query(self, expression):
        return self.get("query?query=" + urllib.parse.quote(expression))["result"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(30)
        self.log.close()


def detector(folder, broker, port):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("BANK_")}
    environment |= {"BANK_DETECT_RULES": str(ROOT / "config/rules/default.yaml"), "BANK_KAFKA_WRITE_PROCESSED": "yes"}
    return subprocess.Popen([BANK, "detect", "--kafka", "--from-beginning", "--metrics-port", str(port), "--bootstrap-server", broker.address],
                            cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def stream(folder, broker):
    return subprocess.Popen([BANK, "generate", "-q", "--kafka", "--stream", "--rate", "300", "--fraud-rate", "0.1", "--bootstrap-server",
                             broker.address], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def test_every_query_and_every_rule_finds_data():
    found = list(expressions())
    assert len(found) > 35 and len({name for name, _ in found if name.startswith("Bank")}) == 11, found
    processes = []
    with tempfile.TemporaryDirectory() as name, Broker(pathlib.Path(name) / "broker") as broker:
        folder = pathlib.Path(name)
        broker.create_topics(TOPICS)
        (folder / "receivers.yaml").write_text("version: 1\nreceivers:\n  - {name: siem, kind: webhook, url: \"http://127.0.0.1:9/in\"}\n")
        metrics_port = free_ports(1)[0]
        try:
            processes += [detector(folder, broker, metrics_port), stream(folder, broker)]
            with Dashboard("--bootstrap-server", broker.address, "--notifications", str(folder / "receivers.yaml"),
                           source="kafka") as dashboard:
                (folder / "prometheus").mkdir()
                ports = {"127.0.0.1:9400": metrics_port, "127.0.0.1:8080": dashboard.port}
                with Prometheus(folder / "prometheus", ports) as prometheus:
                    admin = User(dashboard, "admin")

                    def data_everywhere():
                        now = [transaction(int(time.time() * 1000) % 10**8 + i, amount="9000.00") for i in range(3)]
                        assert admin.call("POST", "/api/v1/decisions", {"transactions": now}).status == 200
                        broker.produce("banking-transactions", [("k", "no transaction")])
                        time.sleep(1)
                        return not missing()

                    def missing():
                        return [(where, what) for where, what in found if not values(prometheus.query(what))]

                    try:
                        wait_until(data_everywhere, "data for every query", 90)
                    except AssertionError as error:
                        raise AssertionError(f"no data for {missing()}") from error
                    rules = [rule for group in prometheus.get("rules")["groups"] for rule in group["rules"]]
                    assert len(rules) == 11 and all(rule["health"] == "ok" for rule in rules), rules
                    targets = prometheus.get("targets")["activeTargets"]
                    assert len(targets) == 2 and all(target["health"] == "up" for target in targets), targets
                    accounts = [series for series in prometheus.get("series?match[]=" + urllib.parse.quote('{job=~"bank-.*"}'))
                                if "ACC-" in json.dumps(series)]
                    assert not accounts, accounts
        finally:
            for process in processes:
                process.terminate()
                process.wait(60)


def values(samples):
    return [sample for sample in samples if sample["value"][1] != "NaN"]


if __name__ == "__main__":
    run([value for name, value in list(globals().items()) if name.startswith("test_")])
