"""A program that tells what it does as JSON objects, a line each, and what it and all its processes take."""

import collections
import contextlib
import json
import os
import pathlib
import signal
import subprocess
import threading
import time

SAMPLE_SECONDS = 0.1
STOP_SECONDS = 60
TICKS = os.sysconf("SC_CLK_TCK")
PAGE_MIB = os.sysconf("SC_PAGE_SIZE") / 2**20

# Since the program's start; the CPU time of all its processes until then, and what they held then.
Told = collections.namedtuple("Told", "at_s cpu_s rss_mib event")
Usage = collections.namedtuple("Usage", "wall_s cpu_s rss_mib")


def tree_of(root):
    """{(pid, start): (CPU seconds of its own, resident MiB)} of a process and all below it."""
    parents, figures = {}, {}
    for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = path.read_text().rpartition(")")[2].split()
            pid = int(path.parent.name)
            parents[pid] = int(fields[1])
            figures[pid] = ((pid, fields[19]), ((int(fields[11]) + int(fields[12])) / TICKS, int(fields[21]) * PAGE_MIB))
    children = collections.defaultdict(list)
    for pid, parent in parents.items():
        children[parent].append(pid)
    tree, left = {}, [root]
    while left:
        pid = left.pop()
        if pid in figures:
            key, taken = figures[pid]
            tree[key] = taken
        left += children[pid]
    return tree


class Program:
    """Runs a command. What it says on stderr goes into `scratch`. `with` it, so that it never outlives the block."""

    def __init__(self, scratch, command, environment):
        self.command, self.scratch = list(map(str, command)), scratch
        self.told = []
        self.news = threading.Condition()
        self.looking = threading.Lock()
        self.cpu = {}
        self.peak_mib = 0.0
        self.begun = time.monotonic()
        with open(scratch / "stderr.log", "wb") as errors:
            # Its stdin stays open: Spark mode's job ends when that ends.
            self.process = subprocess.Popen(self.command, env={**os.environ, **environment}, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                            stderr=errors, text=True, start_new_session=True)
        self.usage = None
        self.ended = threading.Event()
        self.threads = [threading.Thread(target=target, daemon=True) for target in (self.listen, self.sample)]
        for thread in self.threads:
            thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.usage is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.wait()

    def listen(self):
        for line in self.process.stdout:
            at_s = time.monotonic() - self.begun
            with contextlib.suppress(json.JSONDecodeError), self.news:
                self.told.append(Told(at_s, *self.look(), json.loads(line)))
                self.news.notify_all()
        with self.news:
            self.ended.set()
            self.news.notify_all()

    def look(self):
        """Keeps what the processes have taken so far; (their CPU time, what they hold now)."""
        tree = tree_of(self.process.pid)
        with self.looking:
            for key, (cpu_s, _) in tree.items():
                self.cpu[key] = max(cpu_s, self.cpu.get(key, 0))
            rss_mib = sum(rss_mib for _, rss_mib in tree.values())
            self.peak_mib = max(self.peak_mib, rss_mib)
            return sum(self.cpu.values()), rss_mib

    def sample(self):
        while not self.ended.is_set():
            self.look()
            self.ended.wait(SAMPLE_SECONDS)

    def events(self, name):
        return [each for each in list(self.told) if each.event["event"] == name]

    def wait_until(self, holds, what, seconds):
        """Until something holds, looked at whenever it tells something. `what`: in words, for the failure."""
        with self.news:
            if not self.news.wait_for(lambda: holds() or self.ended.is_set(), seconds) or not holds():
                raise SystemExit(f"not so in {seconds} s that {what}; the logs in {self.scratch} say why")

    def wait(self):
        """Waits for its end; its exit code."""
        _, status, usage = os.wait4(self.process.pid, 0)
        self.process.returncode = os.waitstatus_to_exitcode(status)
        wall_s = time.monotonic() - self.begun
        for thread in self.threads:
            thread.join(10)
        self.process.stdin.close()
        self.process.stdout.close()
        # The kernel's figure has all of the processes that were waited for; the samples, those that nobody waited for as well.
        self.usage = Usage(wall_s, max(usage.ru_utime + usage.ru_stime, sum(self.cpu.values())), self.peak_mib)
        return self.process.returncode

    def stop(self):
        """Asks Spark mode's job to end, and waits for it."""
        timer = threading.Timer(STOP_SECONDS, self.process.kill)
        timer.start()
        self.process.stdin.write("stop\n")
        self.process.stdin.flush()
        code = self.wait()
        timer.cancel()
        if code != 0:
            raise SystemExit(f"exit code {code}; the logs in {self.scratch} say why")


def run(scratch, command, environment, seconds):
    """Runs a command to its end, which must be a good one."""
    with Program(scratch, command, environment) as program:
        timer = threading.Timer(seconds, program.process.kill)
        timer.start()
        code = program.wait()
        timer.cancel()
    if code != 0:
        raise SystemExit(f"{' '.join(program.command)}: exit code {code} after {program.usage.wall_s:.0f} s; the logs in {scratch} say why")
    return program
