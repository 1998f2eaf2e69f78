"""bank on a broker with TLS, passwords and rights (SASL_SSL, SCRAM-SHA-512 and PLAIN, client certificates, ACLs): the whole way with
the rights that docs/operations.md names, and one clear line for each that is missing."""

import collections
import concurrent.futures
import ctypes
import functools
import glob
import json
import os
import pathlib
import re
import shlex
import shutil
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import time
import unittest
import zipfile

from kafka_broker import Broker, bank_environment, free_ports, run_bank

BANK = os.environ["BANK"]
ROOT = pathlib.Path(__file__).resolve().parents[2]
USERS = ("admin", "operator", "generator", "detector", "reader", "analyst", "monitor", "watcher", "pipeline", *(f"lacking-{number}" for number in range(10)))
PASSWORDS = {user: f"{user}-Geheimnis" for user in USERS}
SCRAM_SINCE = 0x020601FF  # the first librdkafka whose SCRAM Kafka 4 takes
Done = collections.namedtuple("Done", "returncode stdout stderr seconds")


def make_certificates(folder):
    """Two authorities, `ca` and `stranger`, and certificates by `ca` for the broker and the detector."""
    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True, timeout=60)

    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    folder.mkdir(parents=True)
    (folder / "names").write_text("subjectAltName=IP:127.0.0.1\n")
    for name in ("ca", "stranger"):
        openssl("req", "-x509", *key, "-days", "2", "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.pem")
    for name in ("broker", "detector"):
        openssl("req", *key, "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.csr")
        openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", "names",
                "-out", f"{name}.pem")
        (folder / f"{name}-store.pem").write_text((folder / f"{name}.key").read_text() + (folder / f"{name}.pem").read_text())


class SecureBroker(Broker):
    """Passwords within TLS on its port, client certificates on tls_port, and anonymous clients, who may do nothing, on plain_port."""

    KINDS = {"topic": 2, "group": 3, "transactional-id": 5}
    OPERATIONS = {"read": 3, "write": 4, "create": 5, "describe": 8}

    def __init__(self, folder):
        self.certificates = pathlib.Path(folder) / "certificates"
        make_certificates(self.certificates)
        self.tls_port, self.plain_port = free_ports(2)
        listeners = f"SASL_SSL://@HOST@:@PORT@,SSL://@HOST@:{self.tls_port},PLAINTEXT://@HOST@:{self.plain_port}"
        module = "org.apache.kafka.common.security"
        properties = {
            "listeners": f"{listeners},CONTROLLER://@HOST@:@CONTROLLER_PORT@", "advertised.listeners": listeners,
            "listener.security.protocol.map": "CONTROLLER:SSL,SSL:SSL,SASL_SSL:SASL_SSL,PLAINTEXT:PLAINTEXT",
            "inter.broker.listener.name": "SSL",
            "ssl.keystore.type": "PEM", "ssl.keystore.location": self.certificates / "broker-store.pem",
            "ssl.truststore.type": "PEM", "ssl.truststore.location": self.certificates / "ca.pem",
            "ssl.client.auth": "required", "listener.name.sasl_ssl.ssl.client.auth": "none",
            "sasl.enabled.mechanisms": "SCRAM-SHA-512,PLAIN",
            "listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config": f"{module}.scram.ScramLoginModule required;",
            "listener.name.sasl_ssl.plain.sasl.jaas.config":
                f"{module}.plain.PlainLoginModule required {' '.join(f'user_{user}={json.dumps(word)}' for user, word in PASSWORDS.items())};",
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "super.users": "User:CN=broker;User:admin"}
        users = " ".join(f"--add-scram SCRAM-SHA-512=[name={user},password={word}]" for user, word in PASSWORDS.items())
        super().__init__(folder, properties=properties, environment={"BROKER_FORMAT_ARGS": users})
        self.tls = ssl.create_default_context(cafile=self.certificates / "ca.pem")
        self.tls.load_cert_chain(self.certificates / "broker.pem", self.certificates / "broker.key")
        java = {"security.protocol": "SASL_SSL", "sasl.mechanism": "SCRAM-SHA-512", "ssl.truststore.type": "PEM",
                "ssl.truststore.location": self.certificates / "ca.pem",
                "sasl.jaas.config": f'{module}.scram.ScramLoginModule required username="admin" password="{PASSWORDS["admin"]}";'}
        self.java_settings = self.write("admin-java", java)

    def connect(self):
        """As the broker itself, which may do everything."""
        return self.tls.wrap_socket(socket.create_connection(("127.0.0.1", self.tls_port), timeout=30), server_hostname="127.0.0.1")

    def write(self, name, settings):
        path = self.folder / f"{name}.properties"
        path.touch(mode=0o600)
        path.write_text("".join(f"{key}={value}\n" for key, value in settings.items() if value is not None))
        return path

    def client(self, user, mechanism="PLAIN", **settings):
        """The file for --command-config of a user; `settings` with _ for ., None: without."""
        all_settings = {"security.protocol": "SASL_SSL", "sasl.mechanism": mechanism, "sasl.username": user,
                        "sasl.password": PASSWORDS.get(user, "Geheimnis"), "ssl.ca.location": self.certificates / "ca.pem",
                        **{name.replace("_", "."): value for name, value in settings.items()}}
        return self.write(f"client-{time.monotonic_ns()}", all_settings)

    def allow(self, user, *rights):
        """`rights`: as "topic NAME write"; a name that ends in * is a prefix."""
        for right in rights:
            kind, name, operation = right.split()
            prefix, name, principal = name.endswith("*"), name.rstrip("*").encode(), f"User:{user}".encode()
            body = struct.pack(f">ibh{len(name)}sb", 1, self.KINDS[kind], len(name), name, 4 if prefix else 3)
            body += struct.pack(f">h{len(principal)}sh1s", len(principal), principal, 1, b"*") + struct.pack(">bb", self.OPERATIONS[operation], 3)
            code = struct.unpack_from(">h", self.request(30, 1, body), 8)[0]  # CreateAcls
            assert code == 0, f"error {code} of Kafka's protocol"
        time.sleep(0.3)  # the broker hears of it from the controller


def setUpModule():
    global folder, broker
    folder = tempfile.TemporaryDirectory()
    broker = SecureBroker(folder.name)
    broker.start()


def tearDownModule():
    broker.kill9()
    folder.cleanup()


def bank(*arguments, client=None, address=None, cwd=None, timeout=90, **more):
    begun = time.monotonic()
    done = run_bank(*arguments, "--bootstrap-server", address or broker.address, *(["--command-config", client] if client else []),
                    cwd=cwd or folder.name, timeout=timeout, **more)
    return Done(done.returncode, done.stdout, done.stderr, time.monotonic() - begun)


def at_once(calls):
    """The results of several calls that mostly wait."""
    with concurrent.futures.ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(lambda call: call(), calls))


def rules():
    return "--rules", ROOT / "config/rules/default.yaml"


def detect(user, group, client=None, **options):
    return bank("detect", "--kafka", "--from-beginning", "--until-end", "--group", group, *rules(), client=client or broker.client(user), **options)


class Case(unittest.TestCase):
    def says(self, done, code, pattern):
        """One line of an error, and no password."""
        self.assertEqual(done.returncode, code, done.stderr)
        errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
        self.assertEqual(len(errors), 1, done.stderr)
        self.assertEqual(done.stderr.splitlines()[-1], errors[0])
        self.assertRegex(errors[0], pattern)
        self.assertNotIn("Geheimnis", done.stderr + done.stdout)

    def works(self, done):
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotIn("Geheimnis", done.stderr + done.stdout)
        return done


class Rights(Case):
    def test_the_documented_ones_are_enough(self):
        text = (ROOT / "docs/operations.md").read_text()
        lines = re.findall(r"^acls ((?:.*\\\n)*.*)", text, re.MULTILINE)
        self.assertGreater(len(lines), 5)
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda line: broker.tool("acls", "--command-config", broker.java_settings, "--add", *shlex.split(line.replace("\\\n", " "))),
                          lines))
        created = self.works(bank("topics", "create", client=broker.client("operator")))
        self.assertEqual(created.stdout.count("created"), 5)
        self.assertIn("was there", self.works(bank("topics", "create", client=broker.client("operator"))).stdout)
        flags = ("--count", "3000", "--accounts", "100", "--seed", "7", "--labels", "")
        self.works(bank("generate", "--kafka", *flags, client=broker.client("generator")))
        self.works(detect("detector", "bank-detector"))
        alerts = self.works(bank("alerts", "--kafka", "--format", "json", client=broker.client("reader"))).stdout.splitlines()
        for command in (("generate", "-q", *flags, "--output", "same.jsonl", "--format", "jsonl"),
                        ("detect", "-q", "--file", "same.jsonl", "--output", "alerts.jsonl", *rules())):
            self.assertEqual(run_bank(*command, cwd=folder.name).returncode, 0)
        expected = (pathlib.Path(folder.name) / "alerts.jsonl").read_text().splitlines()
        self.assertGreater(len(expected), 10)
        self.assertEqual(sorted(json.loads(line)["alert_id"] for line in alerts), sorted(json.loads(line)["alert_id"] for line in expected))
        listed = self.works(bank("topics", "list", "--json", client=broker.client("monitor")))
        self.assertEqual([topic["exists"] for topic in json.loads(listed.stdout)["topics"]], [True] * 5)
        monitored = bank("monitor", "--kafka", client=broker.client("monitor"))
        self.assertRegex(monitored.stdout, r"OK +kafka:group:bank-detector +0 records behind")
        self.assertNotRegex(monitored.stdout, r"(CRITICAL|WARNING|UNKNOWN) +kafka:")
        broker.allow("watcher", *(f"topic {topic['topic']} describe" for topic in json.loads(listed.stdout)["topics"]))
        watched = bank("monitor", "--kafka", client=broker.client("watcher"))
        self.assertRegex(watched.stdout, r"UNKNOWN +kafka:group:bank-detector +this user may not see it")
        self.assertNotRegex(watched.stdout, r"(CRITICAL|WARNING) +kafka:")
        analyzed = self.works(bank("analyze", "--kafka", "--until-end", client=broker.client("analyst")))
        self.assertIn("Published to analytics-results", analyzed.stderr)
        done = self.works(bank("run", "--mode", "kafka", *flags[:-2], "--data-dir", "run", "--rules", rules()[1], client=broker.client("pipeline")))
        self.assertIn("Transactions  3,000 of", done.stdout)

    def test_each_that_a_detector_lacks_is_told(self):
        topics = {"BANK_KAFKA_TRANSACTIONS_TOPIC": "lack-tx", "BANK_KAFKA_ALERTS_TOPIC": "lack-alerts"}
        broker.create_topics({"lack-tx": 1, "lack-alerts": 1, "lack-tx.dlq": 1}, retention_ms=-1)
        self.works(bank("generate", "--kafka", "--count", "500", "--accounts", "20", "--labels", "", client=broker.client("admin"), **topics))
        (pathlib.Path(folder.name) / "bad.jsonl").write_text("no JSON\n")
        self.works(bank("replay", "bad.jsonl", "--kafka", client=broker.client("admin"), **topics))
        rights = {"read": "topic lack-tx read", "alerts": "topic lack-alerts write", "letters": "topic lack-tx.dlq write",
                  "group": "group {} read", "id": "transactional-id {}-* write"}
        refused = "Topic authorization failed"
        # What is lacking, what is there instead, and what the detector says.
        cases = [("read", None, f"cannot use topic lack-tx: .*{refused}"),
                 ("read", "topic lack-tx describe", f"(cannot read partition 0 of lack-tx|cannot commit offsets): .*{refused}"),
                 ("alerts", None, f"cannot use topic lack-alerts: .*{refused}"),
                 ("alerts", "topic lack-alerts describe", f"cannot commit: .*{refused}"),
                 ("letters", None, f"cannot use topic lack-tx.dlq: .*{refused}"),
                 ("letters", "topic lack-tx.dlq describe", f"cannot commit: .*{refused}"),
                 ("id", None, "cannot begin transactions.*: .*Transactional Id authorization failed"),
                 ("group", None, "cannot take part in group lacking-7: .*Group authorization failed.* read as this group"),
                 ("group", "group {} describe", "cannot take part in group lacking-8: .*Group authorization failed"),
                 ("id", "transactional-id {}-* describe", "cannot begin transactions.*: .*Transactional Id authorization failed")]

        def attempt(number, lacking, instead):
            user = f"lacking-{number}"
            granted = [right for name, right in rights.items() if name != lacking] + ([instead] if instead else [])
            broker.allow(user, *(right.format(user) for right in granted))
            return detect(user, user, BANK_KAFKA_STATE_DIR=f"state-{user}", **topics)

        done = at_once([functools.partial(attempt, number, *case[:2]) for number, case in enumerate(cases)])
        for (lacking, instead, pattern), result in zip(cases, done):
            with self.subTest(lacking=lacking, instead=instead):
                self.says(result, 1, pattern)


class Doors(Case):
    def test_whoever_is_not_let_in_is_told_why(self):
        elsewhere = {"security_protocol": "SSL", "sasl_mechanism": None, "sasl_username": None, "sasl_password": None}
        tls, plain = f"127.0.0.1:{broker.tls_port}", f"127.0.0.1:{broker.plain_port}"
        unproven = "no TLS with Kafka at .*certificate verify failed.*ssl.ca.location"
        cases = {"wrong password": ({"sasl_password": "falsches-Geheimnis"}, None, "does not let this user in .*Authentication failed: Invalid username or password"),
                 "unknown user": ({"sasl_username": "nobody"}, None, "Authentication failed: Invalid username or password"),
                 "another mechanism": ({"sasl_mechanism": "SCRAM-SHA-256"}, None, "Unsupported SASL mechanism.*SCRAM-SHA-512,PLAIN"),
                 "no authority": ({"ssl_ca_location": None}, None, unproven),
                 "another authority": ({"ssl_ca_location": broker.certificates / "stranger.pem"}, None, unproven),
                 "no certificate": (elsewhere, tls, "bad certificate|certificate required"),
                 "plain to TLS": (elsewhere | {"security_protocol": "PLAINTEXT"}, None, "no Kafka broker answers at .*security.protocol"),
                 "TLS to plain": ({}, plain, "no TLS with Kafka at .*(SSL handshake failed|unexpected eof)")}
        calls = [functools.partial(bank, "topics", "list", client=broker.client("detector", **settings), address=address)
                 for settings, address, _ in cases.values()]
        calls.append(functools.partial(detect, "detector", "doors", client=broker.client("detector", sasl_password="falsches-Geheimnis")))
        done = at_once(calls)
        for (name, (_, _, pattern)), result in zip((*cases.items(), ("detector", cases["wrong password"])), done):
            with self.subTest(name):
                self.says(result, 1, pattern)
                self.assertLess(result.seconds, 30)

    def test_a_client_certificate_is_a_user(self):
        name = "CN=detector"
        broker.create_topics({"own-tx": 1, "own-alerts": 1, "own-tx.dlq": 1})
        broker.allow(name, "topic own-tx read", "topic own-alerts write", "topic own-tx.dlq write", "group own read", "transactional-id own-* write")
        client = broker.client("", security_protocol="SSL", sasl_mechanism=None, sasl_username=None, sasl_password=None,
                               ssl_certificate_location=broker.certificates / "detector.pem", ssl_key_location=broker.certificates / "detector.key")
        self.works(detect("", "own", client=client, address=f"127.0.0.1:{broker.tls_port}", BANK_KAFKA_TRANSACTIONS_TOPIC="own-tx",
                          BANK_KAFKA_ALERTS_TOPIC="own-alerts"))


class Passwords(Case):
    def test_scram(self):
        """With the client library that bank is linked with or, where that is too old for Kafka 4, a newer one put before it."""
        preload = newer_library()
        if preload is None:
            self.skipTest("librdkafka is older than 2.6.1, and no newer one is to be had")
        topics = {"BANK_KAFKA_TRANSACTIONS_TOPIC": "scram-tx", "BANK_KAFKA_ALERTS_TOPIC": "scram-alerts", "LD_PRELOAD": preload}
        broker.create_topics({"scram-tx": 1, "scram-alerts": 1, "scram-tx.dlq": 1}, retention_ms=-1)
        broker.allow("generator", "topic scram-tx write")
        broker.allow("detector", "topic scram-tx read", "topic scram-alerts write", "topic scram-tx.dlq write", "group scram read",
                     "transactional-id scram-* write")
        generator, detector, wrong = (broker.client(user, "SCRAM-SHA-512") for user in ("generator", "detector", "nobody"))
        self.works(bank("generate", "--kafka", "--count", "1000", "--accounts", "50", "--labels", "", client=generator, **topics))
        done = self.works(detect("", "scram", client=detector, BANK_KAFKA_STATE_DIR="state-scram", **topics))
        self.assertIn("1,000 records", done.stderr)
        self.says(bank("topics", "list", client=wrong, **topics), 1, "Authentication failed.*SCRAM-SHA-512")

    def test_scram_with_an_old_library_is_no_riddle(self):
        if newer_library() == "":
            self.skipTest("librdkafka can do SCRAM with Kafka 4")
        done = bank("topics", "list", client=broker.client("admin", "SCRAM-SHA-512"))
        self.says(done, 1, "does not let this user in .*cannot do SCRAM with Kafka 4.*2.6.1")

    def test_in_a_file_for_everybody_are_warned_of(self):
        client = broker.client("admin")
        self.assertNotIn("warning", self.works(bank("topics", "list", client=client)).stderr)
        client.chmod(0o644)
        self.assertRegex(self.works(bank("topics", "list", client=client)).stderr, f"warning: {client}: .*chmod 600")

    def test_stand_in_files_and_the_environment_only(self):
        done = bank("topics", "list", "-X", "sasl.password=Geheimnis")
        self.says(done, 2, "-X sasl.password: .*--command-config.*BANK_KAFKA_PROPERTIES")
        properties = (f"security.protocol=SASL_SSL,sasl.mechanism=PLAIN,sasl.username=admin,sasl.password={PASSWORDS['admin']},"
                      f"ssl.ca.location={broker.certificates / 'ca.pem'}")
        self.works(bank("topics", "list", BANK_KAFKA_PROPERTIES=properties))
        shown = subprocess.run([BANK, "config"], cwd=folder.name, env=bank_environment(BANK_KAFKA_PROPERTIES=properties), capture_output=True, text=True,
                               check=True)
        self.assertIn("(hidden)", shown.stdout)
        self.assertNotIn("Geheimnis", shown.stdout + shown.stderr)

    def test_stand_in_no_list_of_processes(self):
        client = broker.client("admin")
        process = subprocess.Popen([BANK, "alerts", "--kafka", "--follow", "--bootstrap-server", broker.address, "--command-config", client],
                                   cwd=folder.name, env=bank_environment(), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            time.sleep(0.5)
            self.assertNotIn(b"Geheimnis", pathlib.Path(f"/proc/{process.pid}/cmdline").read_bytes())
        finally:
            process.kill()
            process.wait(30)


def newer_library():
    """What LD_PRELOAD takes so that bank's librdkafka can do SCRAM with Kafka 4: nothing where its own can; None: there is none."""
    linked = re.search(r"librdkafka\.so\S* => (\S+)", subprocess.run(["ldd", BANK], capture_output=True, text=True, check=True).stdout)
    if linked is None or ctypes.CDLL(linked.group(1)).rd_kafka_version() >= SCRAM_SINCE:
        return ""
    pin = re.search(r"^confluent-kafka==\S+", (ROOT / "bench/peers/kafka/python/requirements.txt").read_text(), re.MULTILINE).group()
    there = ROOT / "build/kafka" / pin.replace("==", "-")
    if not there.is_dir():
        with tempfile.TemporaryDirectory() as part:
            done = subprocess.run([sys.executable, "-m", "pip", "--disable-pip-version-check", "-q", "download", "--no-deps", "--only-binary", ":all:",
                                   "-d", part, pin], capture_output=True, timeout=120, check=False)
            if done.returncode != 0:
                return None
            zipfile.ZipFile(glob.glob(f"{part}/*.whl")[0]).extractall(f"{part}/all")
            there.mkdir(parents=True)
            for library in glob.glob(f"{part}/all/confluent_kafka.libs/librdkafka*"):
                shutil.copy(library, there)
    return next(map(str, there.glob("librdkafka*")), None)


if __name__ == "__main__":
    unittest.main()
