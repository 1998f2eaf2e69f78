"""Which process is it, and which one holds a port: read from /proc, so no other program is needed."""

import contextlib
import os
import pathlib


# By their main classes.
SERVERS = {"kafka.Kafka": "a Kafka broker", "org.apache.spark.deploy.master.Master": "a Spark master",
           "org.apache.spark.deploy.worker.Worker": "a Spark worker"}


def process_start(pid):
    """When a process began, in the kernel's ticks: with the pid, it names one process for ever. None if it is gone."""
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    # Of a killed process with many threads the first may be dead while others still hold its ports.
    gone = fields[0] == "X" or fields[0] == "Z" and int(fields[17]) <= 1
    return None if gone else fields[19]


def listening_inodes(port):
    inodes = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with contextlib.suppress(FileNotFoundError):
            for line in pathlib.Path(table).read_text().splitlines()[1:]:
                fields = line.split()
                if fields[3] == "0A" and int(fields[1].rpartition(":")[2], 16) == port:
                    inodes.add(fields[9])
    return inodes


def owners(inodes):
    """The pids that hold these sockets, as far as they may be seen."""
    wanted, pids = {f"socket:[{inode}]" for inode in inodes}, set()
    for folder in pathlib.Path("/proc").glob("[0-9]*/fd"):
        with contextlib.suppress(OSError):
            for descriptor in os.scandir(folder):
                with contextlib.suppress(OSError):
                    if os.readlink(descriptor.path) in wanted:
                        pids.add(int(folder.parent.name))
    return pids


def describe(pids):
    if not pids:
        return "a process of another user or container"
    pid = min(pids)
    with contextlib.suppress(OSError):
        words = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
        known = [name for main, name in SERVERS.items() if main in words]
        name = known[0] if known else os.path.basename(words[0]) or "?"
        return f"process {pid} ({name})"
    return f"process {pid}"
