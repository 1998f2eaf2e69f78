"""A rules file: the small piece of YAML that it is written in, and what it says.

The YAML: mappings and lists in block style, a list of mappings; values on one line or going on in deeper lines, plain,
in single or double quotes, or as a block (`|`, `>`); comments. Nothing else.
"""

import hashlib
import re

from expressions import BOOLEAN, Mistake, duration_us, parse_expression, parse_reason

SEVERITIES = ("LOW", "MEDIUM", "HIGH", "CRITICAL")
RULE_KEYS = ("id", "severity", "score", "when", "reason")


class RulesMistake(Exception):
    """`file: what is wrong`."""


class Rule:
    def __init__(self, values):
        if set(values) != set(RULE_KEYS):
            raise Mistake(f"a rule has exactly the keys {', '.join(RULE_KEYS)}, not {', '.join(values)}")
        self.id = values["id"]
        self.severity = values["severity"]
        if self.severity not in SEVERITIES:
            raise Mistake(f"unknown severity {self.severity!r}")
        if not re.fullmatch("[0-9]+", values["score"]) or int(values["score"]) > 100:
            raise Mistake(f"score {values['score']!r} is not 0 to 100")
        self.score = int(values["score"])
        self.when = parse_expression(values["when"])
        if self.when.type != BOOLEAN:
            raise Mistake("'when' is not a condition")
        self.reason = parse_reason(values["reason"])

    def windows(self):
        nodes = [self.when] + [part for part in self.reason if not isinstance(part, str)]
        return [width for node in nodes for width in node.windows]


class RuleSet:
    def __init__(self, content):
        """`content`: the bytes of the file."""
        self.version = hashlib.sha256(content).hexdigest()[:12]
        file = load_yaml(content.decode("utf-8"))
        if not isinstance(file, dict) or not set(file) <= {"version", "history", "rules"} or file.get("version") != "1":
            raise Mistake("the file has the keys version: 1, rules and perhaps history")
        if not isinstance(file.get("rules"), list) or not file["rules"]:
            raise Mistake("there are no rules")
        self.rules = []
        for values in file["rules"]:
            try:
                self.rules.append(Rule(values))
            except Mistake as mistake:
                raise Mistake(f"rule {values.get('id')}: {mistake}") from None
        if len({rule.id for rule in self.rules}) != len(self.rules):
            raise Mistake("two rules have the same id")
        history_us = duration_us(file["history"]) if "history" in file else 0
        self.longest_window_us = max([history_us] + [width for rule in self.rules for width in rule.windows()])


def load_rules(path):
    with open(path, "rb") as file:
        content = file.read()
    try:
        return RuleSet(content)
    except Mistake as mistake:
        raise RulesMistake(f"{path}: {mistake}") from None


# --- YAML -------------------------------------------------------------------------------------------------------------

KEY = re.compile(r"([A-Za-z_][A-Za-z0-9_]*):(?:[ ]+(.*))?")
DOUBLE_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "\\": "\\", '"': '"', "/": "/", "e": "\x1b"}


def load_yaml(text):
    lines = [(len(line) - len(line.lstrip(" ")), line.strip(" \r")) for line in text.split("\n")]
    reader = YamlReader(lines)
    value = reader.mapping(0)
    if reader.line() is not None:
        raise Mistake(f"line {reader.next + 1} does not fit in")
    return value


class YamlReader:
    def __init__(self, lines):
        self.lines = lines
        self.next = 0

    def line(self):
        """The next line that says something, as (indent, text); None at the end."""
        while self.next < len(self.lines):
            indent, text = self.lines[self.next]
            if text and not text.startswith("#"):
                return indent, text
            self.next += 1
        return None

    def mapping(self, indent):
        found = {}
        while (line := self.line()) is not None and line[0] == indent and not line[1].startswith("- "):
            match = KEY.fullmatch(line[1])
            if not match:
                raise Mistake(f"line {self.next + 1} is not 'key: value'")
            if match[1] in found:
                raise Mistake(f"line {self.next + 1} repeats the key {match[1]}")
            self.next += 1
            found[match[1]] = self.value(match[2] or "", indent)
        return found

    def value(self, first, indent):
        """What stands behind a key: `first` on its line, the rest deeper than `indent`."""
        if first.startswith(("|", ">")):
            return self.block(first, indent)
        if first and not first.startswith("#"):
            return self.scalar(first, indent)
        line = self.line()
        if line is not None and line[0] >= indent and line[1].startswith("- "):
            return self.sequence(line[0])
        if line is not None and line[0] > indent:
            return self.mapping(line[0])
        return ""

    def sequence(self, indent):
        """A list of mappings."""
        found = []
        while (line := self.line()) is not None and line[0] == indent and line[1].startswith("- "):
            inner = line[1][2:].lstrip(" ")
            # "- id: X" is the mapping's first line, as far in as its key stands.
            self.lines[self.next] = (indent + len(line[1]) - len(inner), inner)
            found.append(self.mapping(self.lines[self.next][0]))
        return found

    def scalar(self, first, indent):
        text = first
        if text[0] in "\"'":
            while not (end := closing_quote(text)):
                text += " " + self.continuation(indent)
            if not re.fullmatch(r"\s*(#.*)?", text[end:]) or (text[end:] and not text[end].isspace()):
                raise Mistake(f"text behind a closing quote: {text[end:]}")
            inner = text[1:end - 1]
            return inner.replace("''", "'") if text[0] == "'" else unescape_double(inner)
        if text[0] in "[{&*!%@`":
            raise Mistake(f"this YAML is not read here: {text}")
        text = re.split(r"\s#", text)[0].rstrip()
        while (line := self.line()) is not None and line[0] > indent:
            self.next += 1
            text += " " + re.split(r"\s#", line[1])[0].rstrip()
        return text

    def continuation(self, indent):
        if self.next >= len(self.lines) or self.lines[self.next][0] <= indent:
            raise Mistake("a quote is not closed")
        self.next += 1
        return self.lines[self.next - 1][1]

    def block(self, header, indent):
        match = re.fullmatch(r"([|>])([-+]?)\s*(#.*)?", header)
        if not match:
            raise Mistake(f"this block is not read here: {header}")
        lines = []
        while self.next < len(self.lines) and (self.lines[self.next][0] > indent or not self.lines[self.next][1]):
            lines.append(self.lines[self.next])
            self.next += 1
        while lines and not lines[-1][1]:
            lines.pop()
        if len({at for at, text in lines if text}) > 1 or any(not text for _, text in lines):
            raise Mistake("a block's lines stand at one indent, without blank ones")
        joined = ("\n" if match[1] == "|" else " ").join(text for _, text in lines)
        return joined + ("" if match[2] == "-" else "\n")


def closing_quote(text):
    """The index behind the quote that closes the one at 0; None if none does."""
    pattern = r'"(?:[^"\\]|\\.)*"' if text[0] == '"' else r"'(?:[^']|'')*'"
    match = re.match(pattern, text, re.DOTALL)
    return match and match.end()


def unescape_double(text):
    def resolve(match):
        if match[1]:
            return chr(int(match[1][1:], 16))
        if match[2] not in DOUBLE_ESCAPES:
            raise Mistake(f"unknown escape \\{match[2]}")
        return DOUBLE_ESCAPES[match[2]]
    return re.sub(r"\\(?:(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4})|(.))", resolve, text)
