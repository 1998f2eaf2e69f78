"""Random streams of records: ties, disorder, lateness, resends, busy accounts, nulls, odd spellings, damage."""

import datetime
import json

MERCHANTS = ("M", "M", "N", "Café Nord", "", None, None)
LOCATIONS = ("X", "Y", "Z", "x", "new\nline", None)
STATUSES = ("PENDING", "COMPLETED", "COMPLETED", "FAILED", None)
ACCOUNTS = ("A", "a", "A ", "ACC-0000000001", "ACC-0000000002", "€", "0", "x" * 63, "\t")
TYPES = ("PAYMENT", "PAYMENT", "DEPOSIT", "TRANSFER", "quo\"te")
COLUMNS = ("transaction_id", "account_number", "transaction_type", "amount", "timestamp", "location", "merchant",
           "status")
# Bytes that take JSON apart, or nearly.
STRUCTURE = tuple(bytes([byte]) for byte in b'{}[]",:\\ 01-+.et\r\x7f/')
SECOND = 1_000_000
EPOCH = datetime.datetime(1970, 1, 1)
STARTS = (1_767_225_600, 1_767_225_600, 951_782_400, -86_400, -62_135_596_800 + 400 * 86_400)  # seconds since 1970
# Steps from one record to the next, around the windows' widths, a microsecond less and more.
STEPS_US = tuple(s * SECOND + d for s in (0, 1, 5, 30, 60, 300) for d in (-1, 0, 1) if s * SECOND + d >= 0)


class Shape:
    """How a stream behaves; drawn once, so that each stream has a character of its own."""

    def __init__(self, random, busy):
        self.records = random.randrange(1500, 3500) if busy else random.choice((5, 30, 120, 400, 900))
        self.accounts = random.choice((1, 1, 3)) if busy else random.choice((1, 1, 1, 2, 5, 40))
        self.hot = random.choice((0.0, 0.9)) if self.accounts > 1 else 0.0
        self.calm = 1.0 if busy else random.choice((0.0, 0.5, 0.9))  # share of steps below a second
        self.out_of_order = random.choice((0.0, 0.05, 0.4))
        self.late_us = [s * SECOND for s in random.choice(((1, 30), (60, 3000), (3000, 3600), (3600, 20_000),
                                                           (1, 200_000)))]
        self.resends = random.choice((0.0, 0.02, 0.2))
        self.jumps = 0.0 if busy else random.choice((0.0, 0.0, 0.02))
        self.damage = random.choice((0.0, 0.0, 0.03, 0.2))
        self.amounts = random.choice((("1", "5", "9.99", "10", "10.00"), ("0.0001", "0.1", "0.2", "0.3", "99.9999"),
                                      ("4000", "5000", "5000.01", "1e3", "4.5e3"),
                                      ("99999999999999.9999", "0", "90071992547409.93", "0.0003"), None))


def random_amount(random, amounts):
    if amounts and random.random() < 0.9:
        return random.choice(amounts)
    units = random.randrange(0, 10 ** random.randrange(1, 19))
    return f"{units // 10_000}.{units % 10_000:04d}"


def timestamp(random, time_us):
    """The time, spelled in one of the ways that the contract takes."""
    style = random.random()
    if style < 0.6:
        minutes, separator, zone = 0, " ", ""
    elif style < 0.75:
        minutes, separator, zone = 0, random.choice("TTTt"), random.choice("ZZZz")
    else:
        minutes = random.choice((60, -300, 330, 1439, -1439, 0))
        separator = random.choice("T ")
        zone = f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"
    when = EPOCH + datetime.timedelta(microseconds=time_us) + datetime.timedelta(minutes=minutes)
    text = when.replace(microsecond=0).isoformat(sep=separator)
    if when.microsecond:
        digits = f"{when.microsecond:06d}"
        # Zeros at the end may go, digits behind the sixth are cut.
        text += "." + random.choice((digits, digits.rstrip("0"), digits + "789"))
    return text + zone


def random_records(random, shape):
    """Dictionaries with the contract's fields; the amount as its spelling."""
    clock = random.choice(STARTS) * SECOND
    sent = []
    for number in range(shape.records):
        if random.random() < shape.jumps:
            clock += random.choice((4000, 90_000, 700_000)) * SECOND
        elif random.random() < shape.calm:
            clock += random.choice((0, 0, 1, 100_000, 250_000, 999_999))
        else:
            clock += random.choice(STEPS_US)
        time = clock - random.randrange(*shape.late_us) if random.random() < shape.out_of_order else clock
        if sent and random.random() < shape.resends:
            again = dict(random.choice(sent[-20:] if random.random() < 0.7 else sent))
            if random.random() < 0.5:
                again["amount"] = random_amount(random, shape.amounts)
            if random.random() < 0.3:
                again["timestamp"] = timestamp(random, time)
            yield again
            continue
        account = 0 if random.random() < shape.hot else random.randrange(shape.accounts)
        round_number, place = divmod(account, len(ACCOUNTS))
        record = {"transaction_id": f"T{number}", "account_number": ACCOUNTS[place] + str(round_number or ""),
                  "transaction_type": random.choice(TYPES), "amount": random_amount(random, shape.amounts),
                  "timestamp": timestamp(random, time), "location": random.choice(LOCATIONS),
                  "merchant": random.choice(MERCHANTS), "status": random.choice(STATUSES)}
        sent.append(record)
        yield record


# --- JSON -------------------------------------------------------------------------------------------------------------

def json_text(random, record, spacing):
    """The record as JSON text; `spacing`: what stands behind a comma and a colon."""
    items = [(key, value) for key, value in record.items()
             if value is not None or random.random() < 0.5]
    if random.random() < 0.1:
        random.shuffle(items)
    if random.random() < 0.05:
        unknown = random.choice(("note", "x")), random.choice((None, True, "ü"))
        items.insert(random.randrange(len(items) + 1), unknown)
    ascii_only = random.random() < 0.2
    members = (f"{json.dumps(key)}:{spacing}{value if key == 'amount' else json.dumps(value, ensure_ascii=ascii_only)}"
               for key, value in items)
    return "{" + f",{spacing}".join(members) + "}"


def faulty_fields(random, record):
    """A record of well-formed JSON that breaks one rule."""
    field, value = random.choice((
        ("transaction_id", ""), ("transaction_id", None), ("account_number", "x" * 65), ("transaction_type", "é" * 17),
        ("status", "DONE"), ("timestamp", "2026-02-30 00:00:00"), ("timestamp", "2026-01-01T00:00:00"), ("merchant", 5),
        ("location", ["X"]), ("account_number", {}), ("status", True), ("timestamp", None), ("transaction_type", 1.5)))
    amount = random.choice(("-1", "1.00005", "1e14", '"12"', "null", "true", "-1e400", "[]"))
    broken = dict(record)
    if random.random() < 0.3:
        broken["amount"] = amount
    else:
        broken[field] = value
    members = (f"{json.dumps(key)}: {value if key == 'amount' else json.dumps(value)}" for key, value in broken.items())
    return "{" + ", ".join(members) + "}"


def damaged(random, text):
    """A line that is no valid record, most of the time."""
    raw = text.encode()
    cut = random.randrange(1, len(raw))
    return random.choice((
        lambda: raw[:cut], lambda: raw + b"}", lambda: raw[:cut] + b"\xff" + raw[cut:],
        lambda: raw[:-1] + b', "amount": 1}', lambda: raw[:-1] + b', "x": 1, "\\u0078": 2}', lambda: b"[" + raw + b"]",
        lambda: b"nonsense", lambda: raw.replace(b'"A', b'"\\ud800A', 1), lambda: raw[:cut] + b"\x01" + raw[cut:],
        lambda: raw.replace(b": ", b":\xc2\xa0", 1), lambda: b"[" * 5000,
        lambda: raw[:-1] + b',"n":' + b"[" * 300 + b"]" * 300 + b"}",
        lambda: b"null", lambda: raw[:cut] + raw[cut + 1:], lambda: raw[:-1] + b",}",
        *[lambda: raw[:cut] + random.choice(STRUCTURE) + raw[cut + random.randrange(2):]] * 8,
        lambda: b"\xef\xbb\xbf" + raw))()


def json_lines(random, records, shape):
    spacing = random.choice((" ", " ", ""))
    lines = []
    for record in records:
        text = json_text(random, record, spacing)
        chance = random.random()
        if lines and chance < shape.damage / 2:
            lines.append(damaged(random, text).replace(b"\n", b" "))
        elif lines and chance < shape.damage:
            lines.append(faulty_fields(random, record).encode())
        else:
            lines.append(text.encode())
            if random.random() < 0.01:
                lines.append(random.choice((b"", b"  ", b"\t")))
    return lines


def json_array(random, records, shape):
    """The elements; faulty only in their fields, for damage would take the array apart."""
    texts = (faulty_fields(random, record) if random.random() < shape.damage else json_text(random, record, " ")
             for record in records)
    return [text.encode() for text in texts]


# --- CSV --------------------------------------------------------------------------------------------------------------

def csv_cell(random, text):
    if text is None:
        return ""
    if any(c in text for c in ',"\n\r') or random.random() < 0.05:
        return '"' + text.replace('"', '""') + '"'
    return text


def csv_rows(random, records, shape):
    columns = list(COLUMNS)
    if random.random() < 0.3:
        random.shuffle(columns)
    if random.random() < 0.2:
        columns.insert(random.randrange(len(columns) + 1), "note")
    rows = [",".join(columns).encode()]
    for record in records:
        cells = [csv_cell(random, {"note": "n", **record}[column]) for column in columns]
        row = ",".join(cells)
        if random.random() < shape.damage:
            row = random.choice((
                lambda: row + ",", lambda: row.rpartition(",")[0], lambda: row.replace(",", ',x"y', 1),
                lambda: ",".join("" if n == columns.index("amount") else cell for n, cell in enumerate(cells)),
                lambda: ",".join("1,5" if n == columns.index("amount") else cell for n, cell in enumerate(cells)),
                lambda: ",".join("soon" if n == columns.index("timestamp") else cell for n, cell in enumerate(cells)),
                lambda: ",".join(" 5" if n == columns.index("amount") else cell for n, cell in enumerate(cells))))()
        rows.append(row.encode())
        if random.random() < 0.01:
            rows.append(b"")
    return rows
