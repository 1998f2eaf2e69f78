"""A soak: generate and detect at a fixed rate, and see whether memory grows, lag builds up or the rate falls."""

import pathlib
import re
import statistics
import subprocess
import time

from latency import running
from stage import say

SAMPLE_SECONDS = 10
# bank's own line, one every ten seconds: "1,234 records judged, 99.9k records/s, 12 alerts, lag 34, visible after 56 ms (p99 78 ms)".
LINE = re.compile(r"([\d,]+) records? judged, .*?lag ([\d,]+)(?:.*p99 ([^)]*)\))?")


def rss_mib(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status).group(1)) / 1024


def lines_of(log):
    """(records, lag, p99) of each of bank's lines so far."""
    return [(int(records.replace(",", "")), int(lag.replace(",", "")), p99) for records, lag, p99 in LINE.findall(log.read_text(errors="replace"))]


def sample(options, sender, detector, log):
    start = time.monotonic()
    samples, told = [], 0
    while (now := time.monotonic() - start) < options.soak * 60:
        time.sleep(min(SAMPLE_SECONDS, options.soak * 60 - now))
        for name, process in (("replay", sender), ("detect", detector)):
            if process.poll() is not None:
                raise SystemExit(f"bank {name} has ended with {process.returncode}; the logs in {log.parent} say why")
        lines = [(0, 0, ""), *lines_of(log)]
        if len(lines) - 1 == told:
            continue  # bank's next line is a moment away
        rate = (lines[-1][0] - lines[told][0]) / (len(lines) - 1 - told) / SAMPLE_SECONDS
        told = len(lines) - 1
        samples.append({"at_s": round(time.monotonic() - start), "rss_mib": rss_mib(detector.pid), "sender_rss_mib": rss_mib(sender.pid),
                        "records": lines[-1][0], "rate": rate, "lag": lines[-1][1], "p99": lines[-1][2]})
        say(f"  {samples[-1]}")
    if not samples:
        raise SystemExit("the soak was too short for a line of bank's: a minute at least")
    return samples


def soak(options, stage, _tools):
    say(f"Soak of {options.soak:g} minutes at {options.soak_rate:,} transactions a second…")
    topic, alerts = "soak-transactions", "soak-alerts"
    stage.create_topics(topic, alerts, f"{alerts}.dlq", retention_bytes=1 << 30, segment_bytes=1 << 28)
    detect_log = stage.folder / "soak-detect.log"
    # The times of the events run far faster than the clock: so the day that the longest rule looks back on fills within seconds, and
    # from then on the histories are as long as they get. They begin long ago, since a topic takes none that lie in the future.
    generate = [*stage.generated(2 * round(options.soak * 60 * options.soak_rate)), "--start", "2016-01-01"]
    replay = [stage.bank, "replay", "-", "--kafka", "--rate", options.soak_rate, "--bootstrap-server", stage.broker.address, "--topic", topic]
    with running(stage.bank_command("default"), stage.bank_environment(topic, alerts, "soak"), detect_log) as detector:
        generator = subprocess.Popen([*map(str, [stage.bank, *generate, "--output", "-"])], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        try:
            with running(replay, {}, stage.folder / "soak-replay.log", generator.stdout) as sender:
                samples = sample(options, sender, detector, detect_log)
        finally:
            generator.kill()
            generator.wait()
    steady = samples[min(3, len(samples) - 1):]  # the first are those of the start
    third = max(1, len(steady) // 3)
    print(f"\nSoak: {options.soak:g} minutes at {options.soak_rate:,} transactions a second, default rules, {options.accounts:,} accounts, commit every "
          "100 ms; medians of the first and the last third.")
    print("\n| | records/s | lag | peak lag | RSS MiB | p99 to visible |\n|---|---|---|---|---|---|")
    for name, part in (("first", steady[:third]), ("last", steady[-third:])):
        print(f"| {name} | {statistics.median(each['rate'] for each in part):,.0f} | {statistics.median(each['lag'] for each in part):,.0f} "
              f"| {max(each['lag'] for each in part):,} | {statistics.median(each['rss_mib'] for each in part):.0f} | {part[-1]['p99'] or '–'} |")
    return samples
