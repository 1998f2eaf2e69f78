"""A soak: generate and detect at a fixed rate, and see whether memory grows, lag builds up or the rate falls."""

import pathlib
import re
import statistics
import time

from latency import running
from stage import say

SAMPLE_SECONDS = 10
# bank's own line, one every ten seconds: "1,234 records judged, 99.9k records/s, 12 alerts, lag 34, visible after 56 ms (p99 78 ms)".
LINE = re.compile(r"([\d,]+) records? judged, .*?lag ([\d,]+)(?:.*p99 ([^)]*)\))?")


def rss_mib(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status).group(1)) / 1024


def last_line(log):
    lines = LINE.findall(log.read_text(errors="replace"))
    records, lag, p99 = lines[-1] if lines else ("0", "0", "")
    return int(records.replace(",", "")), int(lag.replace(",", "")), p99


def sample(options, generator, detector, log):
    start = time.monotonic()
    samples, records_before = [], 0
    while (now := time.monotonic() - start) < options.soak * 60:
        time.sleep(min(SAMPLE_SECONDS, options.soak * 60 - now))
        for name, process in (("generate", generator), ("detect", detector)):
            if process.poll() is not None:
                raise SystemExit(f"bank {name} has ended with {process.returncode}; the logs in {log.parent} say why")
        records, lag, p99 = last_line(log)
        samples.append({"at_s": round(time.monotonic() - start), "rss_mib": rss_mib(detector.pid), "generator_rss_mib": rss_mib(generator.pid),
                        "records": records, "rate": (records - records_before) / SAMPLE_SECONDS, "lag": lag, "p99": p99})
        records_before = records
        say(f"  {samples[-1]}")
    return samples


def soak(options, stage):
    say(f"Soak of {options.soak:g} minutes at {options.soak_rate:,} transactions a second…")
    topic, alerts = "soak-transactions", "soak-alerts"
    stage.create_topics(topic, alerts, f"{alerts}.dlq", retention_bytes=1 << 30, segment_bytes=1 << 28)
    detect_log = stage.folder / "soak-detect.log"
    generate = [stage.bank, "generate", "--kafka", "--stream", "--rate", options.soak_rate, "--accounts", options.accounts, "--labels", "",
                "--count", 10**12, "--bootstrap-server", stage.broker.address, "--topic", topic]
    with running(stage.bank_command("default"), stage.bank_environment(topic, alerts, "soak"), detect_log) as detector:
        with running(generate, {}, stage.folder / "soak-generate.log") as generator:
            samples = sample(options, generator, detector, detect_log)
    # The first samples are those of the start; the next of an account base that still fills.
    steady = samples[min(3, len(samples) - 1):]
    third = max(1, len(steady) // 3)
    print(f"\nSoak: {options.soak:g} minutes at {options.soak_rate:,} transactions a second, default rules, {options.accounts:,} accounts, commit every "
          "100 ms; medians of the first and the last third.")
    print("\n| | records/s | lag | peak lag | RSS MiB | p99 to visible |\n|---|---|---|---|---|---|")
    for name, part in (("first", steady[:third]), ("last", steady[-third:])):
        print(f"| {name} | {statistics.median(each['rate'] for each in part):,.0f} | {statistics.median(each['lag'] for each in part):,.0f} "
              f"| {max(each['lag'] for each in part):,} | {statistics.median(each['rss_mib'] for each in part):.0f} | {part[-1]['p99'] or '–'} |")
    return samples
