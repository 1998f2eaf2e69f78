"""Bytes to transactions: the contract's rules for one record, each checked in the plainest way.

A record that breaks a rule raises Rejected with the reason code of the dead-letter output.
"""

import datetime
import re

MAX_RECORD_BYTES = 1 << 20
AMOUNT_DECIMALS = 4
STATUSES = ("PENDING", "COMPLETED", "FAILED")
FIELDS = ("transaction_id", "account_number", "transaction_type", "amount", "timestamp", "location", "merchant",
          "status")
REQUIRED = FIELDS[:5]
MAX_BYTES = {"transaction_id": 128, "account_number": 64, "transaction_type": 32}


class Rejected(Exception):
    def __init__(self, reason, field=""):
        super().__init__(f"{reason} {field}".strip())
        self.reason = reason
        self.field = field


class Transaction:
    """A valid transaction. `amount` is a whole number of ten-thousandths, `time` of microseconds since 1970 UTC."""

    __slots__ = ("transaction_id", "account_number", "transaction_type", "amount", "timestamp", "location", "merchant",
                 "status", "time", "hour", "weekday")


# --- values -----------------------------------------------------------------------------------------------------------

NUMBER = re.compile(r"(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?")


def parse_amount(text):
    """The text of a JSON number to ten-thousandths, exactly."""
    match = NUMBER.fullmatch(text)
    if not match:
        raise Rejected("bad_amount_syntax", "amount")
    sign, whole, fraction, exponent = match.groups()
    fraction = fraction or ""
    digits = (whole + fraction).lstrip("0")
    if not digits:
        return 0
    if sign:
        raise Rejected("amount_negative", "amount")
    # The value is 0.DIGITS × 10^point, DIGITS without zeros at either end. int() of a giant exponent would be slow.
    exponent_sign = -1 if (exponent or "").startswith("-") else 1
    exponent_digits = (exponent or "0").lstrip("+-").lstrip("0")
    shift = exponent_sign * (10**18 if len(exponent_digits) > 18 else int(exponent_digits or "0"))
    point = len(digits) - len(fraction) + shift
    digits = digits.rstrip("0")
    if point > 14:
        raise Rejected("amount_too_large", "amount")
    if len(digits) - point > AMOUNT_DECIMALS:
        raise Rejected("amount_too_precise", "amount")
    return int(digits) * 10 ** (AMOUNT_DECIMALS - (len(digits) - point))


TIMESTAMP = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})([ Tt])([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,9}))?"
                       r"([Zz]|[+-][0-9]{2}:[0-9]{2})?")
EPOCH = datetime.datetime(1970, 1, 1)
MICROSECOND = datetime.timedelta(microseconds=1)


def parse_timestamp(text):
    """To (microseconds since 1970 UTC, hour, weekday)."""
    match = TIMESTAMP.fullmatch(text)
    if not match or (match[4] in "Tt" and not match[9]):
        raise Rejected("bad_timestamp", "timestamp")
    fraction = ((match[8] or "") + "000000")[:6]
    offset = match[9] or "Z"
    try:
        when = datetime.datetime(int(match[1]), int(match[2]), int(match[3]), int(match[5]), int(match[6]),
                                 int(match[7]), int(fraction))
        if offset not in "Zz":
            hours, minutes = int(offset[1:3]), int(offset[4:6])
            if hours > 23 or minutes > 59:
                raise ValueError("offset")
            ahead = datetime.timedelta(hours=hours, minutes=minutes)
            when = when - ahead if offset[0] == "+" else when + ahead
    except (ValueError, OverflowError):
        raise Rejected("bad_timestamp", "timestamp") from None
    return (when - EPOCH) // MICROSECOND, when.hour, when.isoweekday()


# --- JSON -------------------------------------------------------------------------------------------------------------

SPACE = re.compile(r"[ \t\n\r]*")
STRING = re.compile(r'"([^"\\\x00-\x1f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*)*)"')
ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))")
SHORT_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
LITERALS = {"true": True, "false": False, "null": None}


class Number(str):
    """A JSON number, as it was spelled."""


class Container:
    """A nested object or array: no field of the contract is one, so that what is in it does not matter."""


def unescape(text):
    if "\\" not in text:
        return text
    units = ESCAPE.sub(lambda m: chr(int(m[1], 16)) if m[1] else SHORT_ESCAPES.get(m[2], m[2]), text)
    try:
        return units.encode("utf-16-le", "surrogatepass").decode("utf-16-le")  # joins pairs, refuses halves
    except UnicodeDecodeError:
        raise Rejected("not_json") from None


def parse_object(text):
    """The (key, value) pairs of a JSON text that is an object. Does not recurse: any depth is well-formed JSON."""
    pairs = []
    open_brackets = []  # of "{" and "["
    key = None
    position = SPACE.match(text).end()
    first = text[position:position + 1]
    wanted = "value"  # or: "key", "first key", "first element", "comma"

    while True:
        position = SPACE.match(text, position).end()
        character = text[position:position + 1]
        value = None
        if wanted in ("key", "first key"):
            if character == "}" and wanted == "first key":
                value = Container
            else:
                match = STRING.match(text, position)
                if not match:
                    raise Rejected("not_json")
                position = SPACE.match(text, match.end()).end()
                if text[position:position + 1] != ":":
                    raise Rejected("not_json")
                position += 1
                name = unescape(match[1])
                if len(open_brackets) == 1:
                    key = name
                wanted = "value"
                continue
        elif wanted == "comma":
            innermost = open_brackets[-1]
            if character == ",":
                position += 1
                wanted = "key" if innermost == "{" else "value"
                continue
            if character != ("}" if innermost == "{" else "]"):
                raise Rejected("not_json")
            value = Container
        elif character == "]" and wanted == "first element":
            value = Container

        if value is Container:  # a bracket that closes
            open_brackets.pop()
            position += 1
        elif character in ("{", "["):
            open_brackets.append(character)
            position += 1
            wanted = "first key" if character == "{" else "first element"
            continue
        else:
            value, position = parse_scalar(text, position)

        if not open_brackets:
            break
        if len(open_brackets) == 1 and open_brackets[0] == "{":
            pairs.append((key, value))
        wanted = "comma"

    if SPACE.match(text, position).end() != len(text):
        raise Rejected("not_json")
    if first != "{":
        raise Rejected("not_object")
    return pairs


def parse_scalar(text, position):
    match = STRING.match(text, position)
    if match:
        return unescape(match[1]), match.end()
    match = NUMBER.match(text, position)
    if match:
        return Number(match[0]), match.end()
    for word, value in LITERALS.items():
        if text.startswith(word, position):
            return value, position + len(word)
    raise Rejected("not_json")


def decode_json(record, columns):
    """`columns`: the key that holds each field of the contract."""
    pairs = parse_object(decode_utf8(record))
    seen = {}
    fields = {column: field for field, column in columns.items()}
    for key, value in pairs:
        if key in seen:
            raise Rejected("duplicate_key", fields.get(key, ""))
        seen[key] = value
    return make_transaction({field: seen.get(column) for field, column in columns.items()})


def decode_utf8(record):
    if len(record) > MAX_RECORD_BYTES:
        raise Rejected("too_long")
    try:
        return record.decode("utf-8")
    except UnicodeDecodeError:
        raise Rejected("not_utf8") from None


# --- CSV --------------------------------------------------------------------------------------------------------------

CELL = re.compile(r'"((?:[^"]|"")*)"|([^",]*)')


def split_csv_row(row):
    """The cells of a row, an empty one as None."""
    row = row.removesuffix("\r")
    cells = []
    position = 0
    while True:
        match = CELL.match(row, position)
        text = match[1].replace('""', '"') if match[1] is not None else match[2]
        cells.append(text or None)
        position = match.end()
        if position == len(row):
            return cells
        if row[position] != ",":
            raise Rejected("bad_csv")
        position += 1


def decode_csv(record, header, columns):
    """`header`: the cells of the file's first row."""
    cells = split_csv_row(decode_utf8(record))
    if len(cells) != len(header):
        raise Rejected("bad_csv")
    row = dict(zip(header, cells))
    values = {field: row.get(column) for field, column in columns.items()}
    if values["amount"] is not None:
        values["amount"] = Number(values["amount"])
    return make_transaction(values)


# --- the rules of the fields ------------------------------------------------------------------------------------------

def make_transaction(values):
    """`values`: text, Number, None or something else for each field of the contract. The first field at fault, in the
    order of the contract, gives the reason."""
    transaction = Transaction()
    for field in FIELDS:
        value = values[field]
        if value is None:
            if field in REQUIRED:
                raise Rejected("missing_field", field)
        elif field == "amount":
            if not isinstance(value, Number):
                raise Rejected("wrong_type", field)
            value = parse_amount(value)
        else:
            if not isinstance(value, str) or isinstance(value, Number):
                raise Rejected("wrong_type", field)
            if field in MAX_BYTES and not 1 <= len(value.encode()) <= MAX_BYTES[field]:
                raise Rejected("bad_length", field)
            if field == "status" and value not in STATUSES:
                raise Rejected("bad_status", field)
            if field == "timestamp":
                transaction.time, transaction.hour, transaction.weekday = parse_timestamp(value)
        setattr(transaction, field, value)
    return transaction
