"""tools/kafka: a broker that starts, stops, survives, and gets in nobody's way."""

import os
import pathlib
import socket
import subprocess
import tempfile
import unittest

from kafka_broker import TOOL, Broker, free_ports

DEPLOY = pathlib.Path(__file__).resolve().parents[2] / "deploy"


class Tool(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.broker = Broker(folder.name, environment={"BANK": os.environ["BANK"]})
        self.addCleanup(self.broker.kill9)

    def test_a_whole_life(self):
        broker = self.broker
        self.assertEqual(broker.run("status", check=False).returncode, 1)
        broker.start()
        pid = broker.pid
        with self.subTest("the second start is none"):
            self.assertIn(f"running already on {broker.address} (process {pid})", broker.run("up", "--no-topics").stderr)
            self.assertEqual(broker.pid, pid)
        broker.create_topics({"kept": 2})
        broker.produce("kept", [(f"k{i}", f"v{i}") for i in range(100)])
        before = broker.read("kept")
        self.assertEqual(len(before), 100)
        with self.subTest("data survives a stop"):
            broker.restart()
            self.assertNotEqual(broker.pid, pid)
            self.assertEqual(broker.read("kept"), before)
        with self.subTest("data survives a crash"):
            broker.restart(kill=True)
            self.assertEqual(broker.read("kept"), before)
        with self.subTest("status tells pid, address and topics"):
            status = broker.run("status").stdout
            self.assertIn(f"running     process {broker.pid}, {broker.address}\n", status)
            self.assertRegex(status, r"\n  kept +2 partitions +[0-9.]+ KiB\n")
        with self.subTest("Kafka's own tools run"):
            self.assertEqual(broker.tool("topics", "--list").stdout, "kept\n")
        with self.subTest("a port that another broker has is reported"):
            other = Broker(pathlib.Path(self.broker.folder, "other"), port=broker.port)
            done = other.run("up", check=False)
            self.assertEqual(done.returncode, 1)
            self.assertIn(f"port {broker.port} is taken by process {broker.pid} (a Kafka broker)", done.stderr)
        with self.subTest("up creates bank's topics, and the image's script would create the same"):
            broker.run("up")
            script = Broker(pathlib.Path(self.broker.folder, "script"))
            with script:
                subprocess.run([DEPLOY / "create-topics.sh"], check=True, capture_output=True, env={
                    **os.environ, "BOOTSTRAP_SERVER": script.address, "KAFKA_TOPICS": f"{TOOL} tool topics"})
                done = subprocess.run([os.environ["BANK"], "topics", "create", "--bootstrap-server", script.address], check=True,
                                      capture_output=True, text=True)
            self.assertEqual(done.stdout.count("as bank would make it"), 5, done.stdout)
            self.assertIn("banking-transactions.dlq", broker.run("status").stdout)
        broker.stop()
        self.assertEqual(broker.run("status", check=False).stdout.splitlines()[0], "stopped")

    def test_a_port_that_somebody_has_is_reported_and_left_alone(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", self.broker.port))
            taken.listen()
            done = self.broker.run("up", check=False)
            self.assertEqual(done.returncode, 1)
            self.assertRegex(done.stderr, rf"port {self.broker.port} is taken by process {os.getpid()} \(python")
            self.assertIn("BROKER_PORT=", done.stderr)

    def test_a_pid_file_of_another_time_ends_nobody(self):
        self.broker.folder.mkdir(exist_ok=True)
        (self.broker.folder / "broker.pid").write_text(f"{os.getpid()} 1 {self.broker.port}\n")
        done = self.broker.run("down")  # and this test is still here
        self.assertIn("No broker of", done.stderr)

    def test_a_broker_that_cannot_start_says_why_and_leaves_nothing_running(self):
        broker = Broker(self.broker.folder, properties={"log.retention.hours": "many"})
        done = broker.run("up", check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("many", done.stderr)
        self.assertEqual(broker.run("status", check=False).returncode, 1)

    def test_mistakes_are_told(self):
        for arguments, code, said in ((["fly"], 2, "no command fly"), (["up", "--now"], 1, "up knows --no-topics"),
                                      (["tool", "hammer"], 1, "there is no tool hammer; there are acls, ")):
            done = self.broker.run(*arguments, check=False)
            self.assertEqual(done.returncode, code)
            self.assertIn(said, done.stderr)
        done = subprocess.run([TOOL, "status"], env={**os.environ, "BROKER_PORT": "x"}, capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stderr), (1, "tools/kafka: BROKER_PORT=x: a port is a number from 1 to 65535\n"))


class Ports(unittest.TestCase):
    def test_are_different(self):
        self.assertEqual(len(set(free_ports(5))), 5)


if __name__ == "__main__":
    unittest.main()
