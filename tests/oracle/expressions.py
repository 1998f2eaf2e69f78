"""The rules' expression language: from text to a typed tree, and from the tree to a function.

Types: an exact number is a Python int m, standing for m / 10^scale, the scale being part of the static type; a real
number is a float; a text a str; a condition a bool; null is None. Every expression but a condition may be null.
"""

import math
import re
from dataclasses import dataclass


class Mistake(Exception):
    """What is wrong with an expression."""


@dataclass(frozen=True)
class Type:
    kind: str  # "boolean", "exact", "real", "text", "null"
    scale: int = 0
    money: bool = False


BOOLEAN, TEXT, NULL = Type("boolean"), Type("text"), Type("null")
COUNT = Type("exact")
AMOUNT = Type("exact", 4, True)
FIELD_TYPES = {"amount": AMOUNT, "transaction_type": TEXT, "account_number": TEXT, "location": TEXT, "merchant": TEXT,
               "status": TEXT, "hour": COUNT, "weekday": COUNT}
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
FUNCTIONS = ("count", "sum", "avg", "min", "max", "stddev", "distinct")
COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")


@dataclass(frozen=True)
class Node:
    """`value(situation, entry)`: the value, `entry` being whom plain names speak of: the transaction being judged, or
    within an aggregate the entry that it looks at."""
    type: Type
    value: object
    windows: tuple = ()  # of the aggregates in it, in microseconds


class Situation:
    """What the rules see: the transaction being judged, and the history of its account without it."""

    def __init__(self, transaction, history):
        self.this = transaction
        self.history = history
        self.windows = {}
        # The latest before this transaction: in event time, then in arrival order, which is the order of the list.
        self.last = None
        for entry in history:
            if entry.time <= transaction.time and (self.last is None or entry.time >= self.last.time):
                self.last = entry

    def window(self, width, prior):
        """The entries in [this.time − width, this.time]; this transaction among them, unless `prior`."""
        if width not in self.windows:
            end = self.this.time
            begin = end - width
            self.windows[width] = [entry for entry in self.history if begin <= entry.time <= end]
        return self.windows[width] if prior else self.windows[width] + [self.this]


# --- numbers ----------------------------------------------------------------------------------------------------------

def to_real(number, scale):
    return float(number) / float(10**scale)


def as_real(node):
    """The node's value as a float."""
    if node.type.kind == "real":
        return node.value
    value, scale = node.value, node.type.scale

    def convert(situation, entry):
        number = value(situation, entry)
        return None if number is None else to_real(number, scale)
    return convert


def as_scaled(node, scale):
    """The value of an exact node with more decimals."""
    value, factor = node.value, 10 ** (scale - node.type.scale)
    if factor == 1:
        return value

    def convert(situation, entry):
        number = value(situation, entry)
        return None if number is None else number * factor
    return convert


def same_footing(left, right):
    """Two numeric nodes as two functions that may be compared or added, and the kind and scale that both now have."""
    if left.type.kind == right.type.kind == "exact":
        scale = max(left.type.scale, right.type.scale)
        return as_scaled(left, scale), as_scaled(right, scale), "exact", scale
    return as_real(left), as_real(right), "real", 0


def is_number(node):
    return node.type.kind in ("exact", "real")


def combine(left, right, operation):
    """operation(left, right), null where either is."""
    def value(situation, entry):
        a, b = left(situation, entry), right(situation, entry)
        return None if a is None or b is None else operation(a, b)
    return value


def divide(a, b):
    return None if b == 0 else a / b


def arithmetic(operator, left, right):
    if not is_number(left) or not is_number(right):
        raise Mistake(f"'{operator}' takes numbers")
    windows = left.windows + right.windows
    money_left, money_right = left.type.money, right.type.money
    if operator == "/":
        return Node(Type("real", 0, money_left and not money_right), combine(as_real(left), as_real(right), divide),
                    windows)
    if operator == "*":
        money = money_left != money_right
        if left.type.kind == right.type.kind == "exact":
            return Node(Type("exact", left.type.scale + right.type.scale, money),
                        combine(left.value, right.value, lambda a, b: a * b), windows)
        return Node(Type("real", 0, money), combine(as_real(left), as_real(right), lambda a, b: a * b), windows)
    a, b, kind, scale = same_footing(left, right)
    operation = (lambda x, y: x + y) if operator == "+" else (lambda x, y: x - y)
    return Node(Type(kind, scale, money_left and money_right), combine(a, b, operation), windows)


# --- conditions -------------------------------------------------------------------------------------------------------

COMPARE = {"==": lambda a, b: a == b, "!=": lambda a, b: a != b, "<": lambda a, b: a < b, "<=": lambda a, b: a <= b,
           ">": lambda a, b: a > b, ">=": lambda a, b: a >= b}
MATCH = {"contains": lambda a, b: b in a, "starts_with": lambda a, b: a.startswith(b),
         "ends_with": lambda a, b: a.endswith(b)}


def condition(left, right, operation):
    """operation(left, right), false where either is null."""
    def value(situation, entry):
        a, b = left(situation, entry), right(situation, entry)
        return a is not None and b is not None and operation(a, b)
    return value


def comparison(operator, left, right):
    windows = left.windows + right.windows
    if NULL in (left.type, right.type):
        other = right if left.type == NULL else left
        if operator not in ("==", "!=") or other.type in (NULL, BOOLEAN):
            raise Mistake(f"'{operator}' does not go with null here")
        if operator == "==":
            return Node(BOOLEAN, lambda situation, entry: other.value(situation, entry) is None, windows)
        return Node(BOOLEAN, lambda situation, entry: other.value(situation, entry) is not None, windows)
    if is_number(left) and is_number(right):
        a, b, _, _ = same_footing(left, right)
    elif left.type == right.type == TEXT and operator in ("==", "!="):
        a, b = left.value, right.value
    else:
        raise Mistake(f"'{operator}' does not go with these types")
    return Node(BOOLEAN, condition(a, b, COMPARE[operator]), windows)


def in_list(left, literals):
    """True where any of the literals equals it; false, as any comparison, where it is null."""
    equal = [comparison("==", left, literal).value for literal in literals]
    return Node(BOOLEAN, lambda situation, entry: any(is_equal(situation, entry) for is_equal in equal), left.windows)


# --- aggregates -------------------------------------------------------------------------------------------------------

def aggregate(function, prior, operand, width, only):
    """`operand`, `only`: nodes or None."""
    def entries(situation):
        window = situation.window(width, prior)
        return window if only is None else [entry for entry in window if only.value(situation, entry)]

    if function == "count":
        return Node(COUNT, lambda situation, entry: len(entries(situation)), (width,))

    def values(situation):
        found = (operand.value(situation, entry) for entry in entries(situation))
        return [value for value in found if value is not None]

    if function == "distinct":
        return Node(COUNT, lambda situation, entry: len(set(values(situation))), (width,))
    if operand.type.kind != "exact":
        raise Mistake(f"{function} takes an exact number")
    scale = operand.type.scale
    compute = {"sum": sum,
               "min": lambda numbers: min(numbers, default=None),
               "max": lambda numbers: max(numbers, default=None),
               "avg": lambda numbers: to_real(sum(numbers), scale) / float(len(numbers)) if numbers else None,
               "stddev": lambda numbers: standard_deviation(numbers, scale)}[function]
    kind = Type("real", 0, operand.type.money) if function in ("avg", "stddev") else operand.type
    return Node(kind, lambda situation, entry: compute(values(situation)), (width,))


def standard_deviation(numbers, scale):
    n = len(numbers)
    if n == 0:
        return None
    total = sum(numbers)
    squares = sum(number * number for number in numbers)
    return math.sqrt(float(n * squares - total * total)) / float(n) / float(10**scale)


# --- parsing ----------------------------------------------------------------------------------------------------------

TOKEN = re.compile(r"""\s*(?:
    (?P<duration>[0-9]+[smhd](?![A-Za-z0-9_]))
  | (?P<number>[0-9]+(?:\.[0-9]+)?(?![A-Za-z0-9_.]))
  | (?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
  | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
  | (?P<symbol>==|!=|<=|>=|[-+*/<>()\[\],.])
)""", re.VERBOSE | re.DOTALL)
TEXT_ESCAPES = {"n": "\n", "t": "\t", "\\": "\\", '"': '"', "'": "'"}


def tokenize(text):
    """(kind, text) pairs, the last of kind "end"."""
    tokens = []
    position = 0
    text = text.rstrip()
    while position < len(text):
        match = TOKEN.match(text, position)
        if not match:
            raise Mistake(f"cannot read {text[position:]!r}")
        tokens.append((match.lastgroup, match[match.lastgroup]))
        position = match.end()
    return tokens + [("end", "")]


def text_of_literal(spelled):
    def resolve(match):
        if match[1]:
            return chr(int(match[1], 16))
        if match[2] not in TEXT_ESCAPES:
            raise Mistake(f"unknown escape {match[0]}")
        return TEXT_ESCAPES[match[2]]
    return re.sub(r"\\(?:u([0-9a-fA-F]{4})|(.))", resolve, spelled[1:-1], flags=re.DOTALL)


class Parser:
    def __init__(self, text):
        self.tokens = tokenize(text)
        self.position = 0
        self.place = "rule"  # or "operand", "condition": within an aggregate

    # tokens

    def peek(self):
        return self.tokens[self.position][1] if self.kind() != "text" else None

    def kind(self):
        return self.tokens[self.position][0]

    def take(self):
        self.position += 1
        return self.tokens[self.position - 1][1]

    def accept(self, *texts):
        return self.take() if self.kind() != "end" and self.peek() in texts else None

    def expect(self, text):
        if not self.accept(text):
            raise Mistake(f"expected {text!r}, found {self.tokens[self.position][1]!r}")

    # grammar, loosest first

    def whole(self):
        node = self.disjunction()
        if self.kind() != "end":
            raise Mistake(f"unexpected {self.tokens[self.position][1]!r}")
        return node

    def disjunction(self):
        node = self.conjunction()
        while self.accept("or"):
            node = self.logical(node, self.conjunction(), any)
        return node

    def conjunction(self):
        node = self.negation()
        while self.accept("and"):
            node = self.logical(node, self.negation(), all)
        return node

    @staticmethod
    def logical(left, right, combination):
        if left.type != BOOLEAN or right.type != BOOLEAN:
            raise Mistake("'and' and 'or' take conditions")
        return Node(BOOLEAN, lambda situation, entry: combination(node.value(situation, entry)
                                                                  for node in (left, right)),
                    left.windows + right.windows)

    def negation(self):
        if not self.accept("not"):
            return self.relation()
        node = self.negation()
        if node.type != BOOLEAN:
            raise Mistake("'not' takes a condition")
        return Node(BOOLEAN, lambda situation, entry: not node.value(situation, entry), node.windows)

    def relation(self):
        left = self.sum()
        operator = self.accept(*COMPARISONS, *MATCH, "in", "not")
        if operator in COMPARISONS:
            return comparison(operator, left, self.sum())
        if operator in MATCH:
            right = self.sum()
            if left.type != TEXT or right.type != TEXT:
                raise Mistake(f"'{operator}' takes texts")
            return Node(BOOLEAN, condition(left.value, right.value, MATCH[operator]), left.windows + right.windows)
        if operator == "in":
            return in_list(left, self.literals())
        if operator == "not":
            self.expect("in")
            inside = in_list(left, self.literals())
            return Node(BOOLEAN, lambda situation, entry: not inside.value(situation, entry), inside.windows)
        return left

    def literals(self):
        self.expect("[")
        found = []
        while not found or self.accept(","):
            if self.kind() not in ("text", "number") and self.peek() != "-":
                raise Mistake("a list holds numbers or texts")
            found.append(self.factor())
        self.expect("]")
        return found

    def sum(self):
        node = self.product()
        while operator := self.accept("+", "-"):
            node = arithmetic(operator, node, self.product())
        return node

    def product(self):
        node = self.factor()
        while operator := self.accept("*", "/"):
            node = arithmetic(operator, node, self.factor())
        return node

    def factor(self):
        if not self.accept("-"):
            return self.primary()
        node = self.factor()
        if not is_number(node):
            raise Mistake("'-' takes a number")
        inner = node.value

        def negate(situation, entry):
            number = inner(situation, entry)
            return None if number is None else -number
        return Node(node.type, negate, node.windows)

    def primary(self):
        kind = self.kind()
        if kind == "number":
            whole, _, fraction = self.take().partition(".")
            number = int(whole + fraction)
            return Node(Type("exact", len(fraction)), lambda situation, entry: number)
        if kind == "text":
            text = text_of_literal(self.take())
            return Node(TEXT, lambda situation, entry: text)
        if self.accept("("):
            node = self.disjunction()
            self.expect(")")
            return node
        if kind != "name":
            raise Mistake(f"unexpected {self.tokens[self.position][1]!r}")
        name = self.take()
        if name == "null":
            return Node(NULL, lambda situation, entry: None)
        if name in ("true", "false"):
            return Node(BOOLEAN, lambda situation, entry: name == "true")
        if name == "prior" and self.accept("."):
            return self.call(self.take(), True)
        if self.peek() == "(":
            return self.call(name, False)
        if name in ("this", "last") and self.accept("."):
            return self.scoped_field(name, self.take())
        if name == "since_last":
            if self.place != "rule":
                raise Mistake("since_last speaks of the transaction being judged, not of an entry")
            return Node(Type("exact", 6), since_last)
        return self.field(name)

    @staticmethod
    def field(name):
        if name not in FIELD_TYPES:
            raise Mistake(f"unknown field {name!r}")
        return Node(FIELD_TYPES[name], lambda situation, entry: getattr(entry, name))

    def scoped_field(self, scope, name):
        node = self.field(name)
        if scope == "this":
            if self.place != "condition":
                raise Mistake("'this.' belongs into an aggregate's condition")
            return Node(node.type, lambda situation, entry: getattr(situation.this, name))
        if self.place != "rule":
            raise Mistake("'last.' speaks of the transaction being judged, not of an entry")
        return Node(node.type, lambda situation, entry: situation.last and getattr(situation.last, name))

    def call(self, function, prior):
        if function not in FUNCTIONS:
            raise Mistake(f"unknown function {function!r}")
        if self.place != "rule":
            raise Mistake("an aggregate within an aggregate")
        self.expect("(")
        operand = only = None
        if function != "count":
            self.place = "operand"
            operand = self.field(self.take()) if function == "distinct" else self.sum()
            self.expect(",")
        if self.kind() != "duration":
            raise Mistake(f"expected a duration, found {self.tokens[self.position][1]!r}")
        width = duration_us(self.take())
        if self.accept(","):
            self.place = "condition"
            only = self.disjunction()
            if only.type != BOOLEAN:
                raise Mistake("the last argument is a condition")
        self.place = "rule"
        self.expect(")")
        return aggregate(function, prior, operand, width, only)


def since_last(situation, entry):
    return None if situation.last is None else situation.this.time - situation.last.time


def duration_us(text):
    match = re.fullmatch(r"([0-9]+)([smhd])", text)
    if not match:
        raise Mistake(f"{text!r} is no duration")
    return int(match[1]) * UNITS[match[2]] * 1_000_000


def parse_expression(text):
    return Parser(text).whole()


# --- values in words --------------------------------------------------------------------------------------------------

def exact_text(number, scale, least_decimals):
    digits = str(abs(number)).rjust(scale + 1, "0")
    whole, fraction = digits[:len(digits) - scale], digits[len(digits) - scale:]
    fraction = fraction.rstrip("0").ljust(least_decimals, "0")
    return ("-" if number < 0 else "") + whole + ("." + fraction if fraction else "")


def amount_text(units):
    return exact_text(units, 4, 2)


def real_text(value, money):
    if money:
        text = f"{value:.2f}"
    else:
        text = f"{value:.4f}".rstrip("0").rstrip(".")
    return text.removeprefix("-") if not text.strip("-0.") else text


def value_text(node_type, value):
    """As it stands in a reason."""
    if value is None:
        return "null"
    if node_type.kind == "boolean":
        return "true" if value else "false"
    if node_type.kind == "text":
        return value
    if node_type.kind == "real":
        return real_text(value, node_type.money)
    return exact_text(value, node_type.scale, 2 if node_type.money else 0)


REASON_PART = re.compile(r"""(?P<open>\{\{) | (?P<close>\}\}) | (?P<plain>[^{}]+)
  | \{(?P<expression>(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^"'{}])*)\}""", re.VERBOSE | re.DOTALL)


def parse_reason(text):
    """A list of texts and nodes. Line ends at the end, which a YAML block leaves, are dropped."""
    text = text.rstrip("\n")
    parts = []
    position = 0
    while position < len(text):
        match = REASON_PART.match(text, position)
        if not match:
            raise Mistake(f"a brace without its partner in {text!r}")
        if match.lastgroup == "expression":
            parts.append(parse_expression(match["expression"]))
        else:
            parts.append({"open": "{", "close": "}"}.get(match.lastgroup, match[0]))
        position = match.end()
    return parts


MAX_REASON_BYTES = 4096


def reason_text(parts, situation):
    text = "".join(part if isinstance(part, str) else value_text(part.type, part.value(situation, situation.this))
                   for part in parts)
    if len(text.encode()) <= MAX_REASON_BYTES:
        return text
    mark = "…"
    return text.encode()[:MAX_REASON_BYTES - len(mark.encode())].decode(errors="ignore") + mark
