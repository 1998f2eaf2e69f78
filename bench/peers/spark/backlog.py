"""A long backlog through bank's job: does it go through in bounded memory, and is its state that of the live history alone? All alerts
of the seed rules are compared with file mode's. Days later a few accounts come: of all that was before nothing may be left."""

import program
from peers import our_stream
from spark_latency import scratch_folder
from stage import RUN_SECONDS, check_alerts, run_quietly, say
from stream import folder_size

TOPIC, ALERTS = "backlog", "backlog-alerts"
LATER_START, LATER_COUNT, LATER_ACCOUNTS = "2026-06-01", 20_000, 1_000
LIVE_PARTS = 4  # of the backlog: what the last one holds at most may not be more than what the one before does, but for …
LIVE_GROWTH = 1.1
LINES = 12  # of the table


def send(stage, file, *options):
    """Into the topic, and into a file for file mode."""
    command = [stage.bank, "generate", "--quiet", "--labels", "", *options]
    run_quietly([*command, "--kafka", "--bootstrap-server", stage.broker.address, "--topic", TOPIC])
    with open(file, "ab") as lines:
        run_quietly([*command, "--output", file.with_suffix(".part")])
        lines.write(file.with_suffix(".part").read_bytes())
    file.with_suffix(".part").unlink()


def one_run(options, stage, tools, scratch):
    """Judges all that the topic holds; the program that has ended."""
    settings = our_stream(scratch, "default", stage, TOPIC, ALERTS, max_per_batch=options.per_batch)
    run = program.run(scratch, *tools.ours(scratch, settings), RUN_SECONDS)
    mib, files = folder_size(scratch / "checkpoint")
    return run, {"checkpoint_mib": mib, "checkpoint_files": files}


def table_of(batches):
    """(records so far, batch) of some of the batches, evenly, the last one among them."""
    sums, rows = [], 0
    for each in batches:
        rows += each.event["rows"]
        sums.append((rows, each))
    step = max(1, len(sums) // LINES)
    return sums[::-step][::-1]


def check_bounds(options, batches, later, peak_mib):
    part = len(batches) // LIVE_PARTS
    before, last = (max(each.event["state_bytes"] for each in some) for some in (batches[-2 * part:-part], batches[-part:]))
    if last > LIVE_GROWTH * before:
        raise SystemExit(f"the state still grows: {before} bytes at most in the last part but one, {last} in the last")
    if later["accounts"] > LATER_ACCOUNTS:
        raise SystemExit(f"{later['accounts']} accounts are held where {LATER_ACCOUNTS} are live")
    if peak_mib > options.backlog_mib:
        raise SystemExit(f"the job held {peak_mib:.0f} MiB, and may hold {options.backlog_mib}")


def backlog(options, stage, tools):
    stage.create_topics(TOPIC, ALERTS, f"{ALERTS}.dlq")
    file = stage.folder / "backlog.jsonl"
    file.unlink(missing_ok=True)
    say(f"Filling {TOPIC} with {options.backlog:,} records…")
    send(stage, file, "--count", options.backlog, "--accounts", options.backlog_accounts, "--seed", 1)
    with scratch_folder(stage, "backlog") as scratch:
        run, figures = one_run(options, stage, tools, scratch)
        batches = run.events("batch")
        send(stage, file, "--count", LATER_COUNT, "--accounts", LATER_ACCOUNTS, "--seed", 2, "--start", LATER_START)
        second, figures_later = one_run(options, stage, tools, scratch)
    later = second.events("ended")[-1].event
    truth = stage.truth(file)
    file.unlink()
    check_alerts("bank", stage.alerts(ALERTS), truth)
    check_bounds(options, batches, later, run.usage.rss_mib)
    rows = sum(each.event["rows"] for each in batches)
    print(f"\nBacklog: {rows:,} records of {options.backlog_accounts:,} accounts, default rules, {options.memory} heap: {run.usage.wall_s:.1f} s "
          f"({rows / run.usage.wall_s / 1e3:.0f} thousand/s overall), {run.usage.rss_mib:.0f} MiB at most; the checkpoint has {figures['checkpoint_mib']:.0f} MiB in "
          f"{figures['checkpoint_files']} files. {len(truth):,} alerts of the seed rules: file mode's, each once.")
    print("\n| records | batch takes ms | accounts held | entries held | state MiB | process MiB |\n|---|---|---|---|---|---|")
    for so_far, each in [*table_of(batches), (rows + later["rows"], second.events("batch")[-1])]:
        told = each.event
        print(f"| {so_far:,} | {told['duration_ms']} | {told['accounts']:,} | {told['entries']:,} | {told['state_bytes'] / 2**20:.1f} | {each.rss_mib:.0f} |")
    print(f"\nThe last line is of another process, after {later['rows']:,} records of {LATER_ACCOUNTS:,} accounts, from {LATER_START}; the checkpoint has "
          f"{figures_later['checkpoint_mib']:.0f} MiB then.")
    return {**figures, "wall_s": run.usage.wall_s, "rss_mib": run.usage.rss_mib, "batches": [each.event for each in batches], "later": later}
