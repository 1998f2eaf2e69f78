"""What the programs of tools/ that start servers share."""

import contextlib
import fcntl
import os
import pathlib
import re
import shutil
import sys


JAVA_MIN = 17


class Failure(Exception):
    """Told to the user in one line; exit code 1."""


def say(text):
    print(text, file=sys.stderr, flush=True)


def number_from(name, default, what="a port"):
    text = os.environ.get(name, "")
    if text and not (text.isdigit() and 0 < int(text) < 65536):
        raise Failure(f"{name}={text}: {what} is a number from 1 to 65535")
    return int(text) if text else default


@contextlib.contextmanager
def locked(path):
    """One at a time: two that fetch, or start the same server, wait for each other."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def java(group):
    program = pathlib.Path(os.environ["JAVA_HOME"], "bin/java") if os.environ.get("JAVA_HOME") else shutil.which("java")
    if not program or not pathlib.Path(program).exists():
        raise Failure(f"there is no Java here; `tools/setup {group}` installs it ({JAVA_MIN} or newer is needed)")
    version = java_version(program)
    if version is not None and version < JAVA_MIN:
        raise Failure(f"{program} is Java {version}; {JAVA_MIN} or newer is needed. Set JAVA_HOME to one")
    return str(program)


def java_version(program):
    """The major version of a Java, by the file that tells of it in its folder; None if that is not there."""
    try:
        release = (pathlib.Path(program).resolve().parent.parent / "release").read_text(encoding="utf-8")
    except OSError:
        return None
    found = re.search(r'^JAVA_VERSION="(?:1\.)?(\d+)', release, re.M)
    return int(found.group(1)) if found else None
