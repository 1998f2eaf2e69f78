"""Runs every shell block of README.md, CONTRIBUTING.md and docs/, page by page, each page in a copy of the tree of its own.

A block is marked by what stands behind its opening fence:
  ```sh                 the commands must succeed
  ```console            `$ command` lines (continued by `> `), each followed by what it prints, which must be so; `…` stands for any
                        text, alone on a line for any lines
  ```console varies     the same, but numbers and their units may differ (times, rates, sizes)
  ```sh by hand: WHY    not run

`make` is not run from here (this is a part of `make test`): its targets must exist, and .ci/run must call them.
"""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BANK = pathlib.Path(os.environ["BANK"]).resolve()
FENCE = re.compile(r"^```(\w+)?(.*)\n(.*?)^```$", re.M | re.S)
MARK = "\x01"  # parts what one command printed from what the next does
SECONDS = 240


class Unit:
    """A block of `sh`, or one command of a `console` block with what it should print."""

    def __init__(self, place, command, expected=None, varies=False):
        self.place, self.command, self.expected, self.varies = place, command, expected, varies


def units_of(page):
    text = page.read_text()
    for match in FENCE.finditer(text):
        language, note, body = match.group(1), match.group(2).strip(), match.group(3)
        line = text.count("\n", 0, match.start()) + 1
        place = f"{page.relative_to(ROOT)}:{line}"
        if language not in ("sh", "console"):
            assert language not in ("bash", "shell"), f"{place}: shell blocks are `sh` or `console`, so that they are tested"
            continue
        if note.startswith("by hand: "):
            continue
        assert note in ("", "varies"), f"{place}: unknown note: {note}"
        if language == "sh":
            yield Unit(place, body)
            continue
        assert body.startswith("$ "), f"{place}: a console block begins with `$ command`"
        for part in re.split(r"^\$ ", body, flags=re.M)[1:]:
            lines = part.splitlines()
            count = 1
            while count < len(lines) and lines[count].startswith("> "):
                count += 1
            command = "\n".join([lines[0]] + [text[2:] for text in lines[1:count]])
            yield Unit(f"{place}: {lines[0]}", command + "\n", "\n".join(lines[count:]), note == "varies")


def make_targets(command):
    """The targets of the `make …` lines of a command, and the command without them."""
    targets, rest = [], []
    for line in command.splitlines():
        match = re.match(r"make\b([^#|;&]*)", line)
        if match:
            targets.append([word for word in match.group(1).split() if "=" not in word and not word.startswith("-")])
        else:
            rest.append(line)
    return targets, "\n".join(rest) + "\n"


def loosen(text):
    """The text with numbers, and the units behind them, put alike, and runs of spaces too."""
    text = re.sub(r"[0-9]+(?:[.,:][0-9]+)*(?: ?(?:ns|µs|us|ms|min|s|h|B|KiB|MiB|GiB|KB|MB|GB|k|M|thousand|million)\b)?(?:/s)?", "0", text)
    return re.sub(r" +", " ", text)


def agrees(expected, printed, varies):
    if varies:
        expected, printed = loosen(expected), loosen(printed)
    pattern = ""
    for line in expected.strip("\n").splitlines():
        if line.strip() == "…":
            pattern += r"(?:.*\n)*?"
        else:
            pattern += ".*".join(re.escape(piece.rstrip()) for piece in line.split("…")) + r" *\n"
    return re.fullmatch(pattern, printed.strip("\n") + "\n" if printed.strip("\n") else "") is not None


def copy_tree(to):
    listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, check=True, capture_output=True)
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (ROOT / name).is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, to / name)


def run_page(units, folder):
    """Runs the units one after another in one shell; what each printed, and its exit code (None: not reached)."""
    script = ""
    for unit in units:
        script += "set -e\n" if unit.expected is None else "set +e\n"
        script += unit.command + f"code=$?; set +e; printf '\\n{MARK}%d\\n' $code\n"
    environment = {**os.environ, "PATH": f"{BANK.parent}:{os.environ['PATH']}", "NO_COLOR": "1", "LC_ALL": "C.UTF-8"}
    environment = {name: value for name, value in environment.items() if not name.startswith("BANK")}
    done = subprocess.run(["bash", "-c", script], cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=SECONDS, check=False)
    parts = re.split(rf"\n{MARK}(\d+)\n", done.stdout.decode(errors="replace"))
    results = [(parts[i], int(parts[i + 1])) for i in range(0, len(parts) - 1, 2)]
    if len(results) < len(units):
        results.append((parts[-1], done.returncode))
    return results + [("", None)] * (len(units) - len(results))


class Pages(unittest.TestCase):
    def check(self, page):
        units = list(units_of(page))
        makefile, ci = (ROOT / "Makefile").read_text(), (ROOT / ".ci/run").read_text()
        for unit in units:
            targets, unit.command = make_targets(unit.command)
            for words in targets:
                for target in words:
                    self.assertRegex(makefile, rf"(?m)^{target}:", f"{unit.place}: make has no target {target}")
                    self.assertRegex(ci, rf"(?m)^step make {target}\b", f"{unit.place}: .ci/run does not call make {target}")
            if targets and not unit.command.strip():
                unit.command, unit.expected = ":\n", None
        with tempfile.TemporaryDirectory() as folder:
            copy_tree(pathlib.Path(folder))
            for unit, (printed, code) in zip(units, run_page(units, folder)):
                self.assertIsNotNone(code, f"{unit.place}: not reached")
                self.assertEqual(code, 0, f"{unit.place}: exit code {code}\n{unit.command}\n{printed}")
                if unit.expected is not None and not agrees(unit.expected, printed, unit.varies):
                    self.fail(f"{unit.place}: prints\n{printed}\n— and the page says\n{unit.expected}")

    def test_every_page(self):
        pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
        for page in pages:
            with self.subTest(page=page.name):
                self.check(page)


class Comparison(unittest.TestCase):
    """What this test calls equal."""

    def test_tells_texts_apart(self):
        self.assertTrue(agrees("a\nb\n", "a\nb\n", False))
        self.assertFalse(agrees("a\nb\n", "a\nc\n", False))
        self.assertFalse(agrees("a\n", "a\nb\n", False))
        self.assertFalse(agrees("", "a\n", False))
        self.assertTrue(agrees("", "", False))
        self.assertTrue(agrees("a\n…\nz\n", "a\nb\nc\nz\n", False))
        self.assertFalse(agrees("a\n…\nz\n", "a\nb\nc\n", False))
        self.assertTrue(agrees("took … ms, fine\n", "took 3 ms, fine\n", False))

    def test_varying_numbers_are_alike_and_words_are_not(self):
        self.assertTrue(agrees("10,000 in 1.2 s (8.1 million/s)\n", "9,000 in 900 ms  (11 million/s)\n", True))
        self.assertFalse(agrees("10 alerts\n", "10 errors\n", True))


if __name__ == "__main__":
    unittest.main()
