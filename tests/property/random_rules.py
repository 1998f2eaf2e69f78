"""Random rules files: expressions grown from the types down, so that each is one that the language takes."""

WINDOWS = ("1s", "5s", "30s", "1m", "5m", "90m", "2h", "1d")
TEXT_FIELDS = ("merchant", "location", "status", "transaction_type", "account_number")
NUMBER_FIELDS = ("amount", "hour", "weekday")
TEXTS = ('"M"', '"N"', '"Café Nord"', '"X"', '"FAILED"', '"PAYMENT"', '""', '"A"', '"a"', "'quo\"te'", '"new\\nline"',
         '"€"', '"\\u004d"', "'X'")
AMOUNTS = ("0", "0.0001", "0.01", "1", "5", "9.99", "10", "10.00", "99.9999", "1000", "4000", "5000",
           "99999999999999.9999")
# By how much an exact number may grow before the language refuses it, and what an aggregate takes.
MAX_DIGITS, MAX_OPERAND_DIGITS = 38, 18
FIELD_DIGITS = {"amount": (18, 4), "hour": (2, 0), "weekday": (1, 0)}


SUM, PRODUCT, TIGHT = range(3)
BINDING = {"+": SUM, "-": SUM, "*": PRODUCT, "/": PRODUCT}


class Number:
    """An expression for a number; `digits` and `scale` as in src/rules/ast.h, None for a real one; `binding`: of its
    outermost operator."""

    def __init__(self, text, digits=None, scale=0, binding=TIGHT):
        self.text = text
        self.digits = digits
        self.scale = scale
        self.binding = binding

    def within(self, binding):
        """Its text, in parentheses where an operator that binds so tightly would take it apart."""
        return self.text if self.binding >= binding else f"({self.text})"


class Grower:
    def __init__(self, random, windows):
        self.random = random
        self.windows = windows
        self.place = "rule"

    def one_of(self, *growers):
        return self.random.choice(growers)()

    # numbers

    def number(self, depth):
        if depth <= 0 or self.random.random() < 0.35:
            return self.number_leaf()
        if self.random.random() < 0.12:
            inner = self.number(depth - 1)
            return Number("-" + inner.within(TIGHT), inner.digits, inner.scale)
        left, right = self.number(depth - 1), self.number(depth - 1)
        operator = self.random.choice("+-*/")
        scale = max(left.scale, right.scale)
        if left.digits is None or right.digits is None:
            digits = None
        elif operator == "*":
            digits, scale = left.digits + right.digits, left.scale + right.scale
        else:
            digits = max(left.digits + scale - left.scale, right.digits + scale - right.scale) + 1
        if digits is not None and (digits > MAX_DIGITS or scale > 20):
            operator = "/"
        if operator == "/":
            digits, scale = None, 0
        binding = BINDING[operator]
        if self.random.random() < 0.3:
            return Number(f"({left.text}) {operator} ({right.text})", digits, scale, binding)
        return Number(f"{left.within(binding)} {operator} {right.within(binding + 1)}", digits, scale, binding)

    def number_leaf(self):
        choices = [self.literal, self.number_field, self.number_field]
        if self.place == "rule":
            choices += [self.aggregate] * 4 + [self.since_last]
        return self.one_of(*choices)

    def literal(self):
        kind = self.random.random()
        if kind < 0.4:
            text = str(self.random.randrange(0, 7))
        elif kind < 0.8:
            text = self.random.choice(AMOUNTS)
        else:
            text = f"{self.random.randrange(0, 10**self.random.randrange(1, 7))}.{self.random.randrange(0, 1000)}"
        whole, _, fraction = text.partition(".")
        # The digits as spelled, zeros in front included: never fewer than the language counts.
        return Number(text, len(whole + fraction), len(fraction))

    def number_field(self):
        field = self.random.choice(NUMBER_FIELDS + ("amount",) * 3)
        return Number(self.scope() + field, *FIELD_DIGITS[field])

    @staticmethod
    def since_last():
        return Number("since_last", 18, 6)

    def scope(self):
        """What may stand before a field here."""
        if self.place == "rule":
            return self.random.choice(("", "", "", "last."))
        return self.random.choice(("", "", "this.")) if self.place == "condition" else ""

    def aggregate(self):
        prior = self.random.choice(("", "", "prior."))
        window = self.random.choice(self.windows)
        condition = ""
        if self.random.random() < 0.4:
            self.place = "condition"
            condition = ", " + self.condition(self.random.choice((1, 1, 2)))
            self.place = "rule"
        function = self.random.choice(("count", "count", "sum", "avg", "min", "max", "stddev", "distinct"))
        if function == "count":
            return Number(f"{prior}count({window}{condition})", 10, 0)
        if function == "distinct":
            field = self.random.choice(TEXT_FIELDS[:3] * 3 + TEXT_FIELDS + NUMBER_FIELDS)
            return Number(f"{prior}distinct({field}, {window}{condition})", 10, 0)
        operand = self.operand()
        text = f"{prior}{function}({operand.text}, {window}{condition})"
        if function in ("avg", "stddev"):
            return Number(text)
        digits = operand.digits + 10 if function == "sum" else operand.digits
        return Number(text, digits, operand.scale)

    def operand(self):
        if self.random.random() < 0.75:
            return Number("amount", *FIELD_DIGITS["amount"])
        self.place = "operand"
        operand = self.number(2)
        self.place = "rule"
        if operand.digits is None or operand.digits > MAX_OPERAND_DIGITS:
            return Number("-amount", *FIELD_DIGITS["amount"])
        return operand

    # texts

    def text(self):
        if self.random.random() < 0.25:
            return self.random.choice(TEXTS)
        return self.scope() + self.random.choice(TEXT_FIELDS[:3] * 2 + TEXT_FIELDS)

    # conditions

    def condition(self, depth):
        if depth > 0 and self.random.random() < 0.5:
            kind = self.random.random()
            if kind < 0.25:
                return f"not ({self.condition(depth - 1)})"
            operator = self.random.choice((" and ", " or "))
            left, right = self.condition(depth - 1), self.condition(depth - 1)
            return f"({left}){operator}({right})" if kind < 0.8 else f"{left}{operator}{right}"
        if self.random.random() < 0.02:
            return self.random.choice(("true", "false"))
        return self.one_of(*[self.number_comparison] * 5, self.text_comparison, self.text_comparison, self.null_test,
                           self.number_list, self.text_list, self.text_match)

    def number_comparison(self):
        for _ in range(20):
            left, right = self.number(2), self.number(1)
            if left.digits is None or right.digits is None:
                break
            scale = max(left.scale, right.scale)
            if max(left.digits - left.scale, right.digits - right.scale) + scale <= MAX_DIGITS:
                break
        else:
            left, right = self.number_field(), self.literal()
        operator = self.random.choice(("==", "!=", "<", "<=", ">", ">="))
        return f"{left.text} {operator} {right.text}"

    def text_comparison(self):
        return f"{self.text()} {self.random.choice(('==', '!='))} {self.text()}"

    def null_test(self):
        operand = self.text() if self.random.random() < 0.6 else self.number(1).text
        operator = self.random.choice(("==", "!="))
        return f"{operand} {operator} null" if self.random.random() < 0.8 else f"null {operator} {operand}"

    def number_list(self):
        left = self.number(1)
        if left.digits is not None and left.digits > 24:
            left = self.number_field()
        numbers = ", ".join(self.random.choice(AMOUNTS[:-1]) for _ in range(self.random.randrange(1, 4)))
        return f"{left.text} {self.random.choice(('in', 'not in'))} [{numbers}]"

    def text_list(self):
        texts = ", ".join(self.random.choice(TEXTS) for _ in range(self.random.randrange(1, 4)))
        return f"{self.text()} {self.random.choice(('in', 'not in'))} [{texts}]"

    def text_match(self):
        return f"{self.text()} {self.random.choice(('contains', 'starts_with', 'ends_with'))} {self.text()}"

    # reasons

    def reason(self, values):
        parts = []
        for _ in range(values):
            parts.append(self.random.choice(("", "a ", "$", "{{", "}}", "é ", "; ")))
            kind = self.random.random()
            value = self.number(2).text if kind < 0.7 else self.text() if kind < 0.9 else self.condition(1)
            parts.append("{" + value + "}")
        return "".join(parts) or "-"


def quoted(text):
    return "'" + text.replace("'", "''") + "'"


def random_rule(random, number, windows, depth):
    grower = Grower(random, windows)
    # A rule that always fires shows the values in its reason, whatever its neighbours' conditions come to.
    shows = random.random() < 0.3
    when = "amount >= 0" if shows else grower.condition(depth)
    values = random.randrange(2, 3 + depth) if shows else random.randrange(0, 3)
    when = quoted(when) if random.random() < 0.8 else random.choice("|>") + "\n      " + when
    return (f"  - id: R{number}\n    severity: {random.choice(('LOW', 'MEDIUM', 'HIGH', 'CRITICAL'))}\n"
            f"    score: {random.choice((0, 10, 20, 30, 50, 100))}\n    when: {when}\n"
            f"    reason: {quoted(grower.reason(values))}\n")


def random_rules(random, most, depth):
    """(head, rules): the text before the rules, and the text of each rule."""
    windows = random.sample(WINDOWS, random.randrange(1, 4))
    history = f"history: {random.choice(WINDOWS)}\n" if random.random() < 0.2 else ""
    count = random.randrange(1, most + 1)
    return f"version: 1\n{history}rules:\n", [random_rule(random, n, windows, depth) for n in range(1, count + 1)]
