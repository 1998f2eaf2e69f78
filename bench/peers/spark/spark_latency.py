"""How soon bank on Spark has something to say: its start, and from the sending of a transaction to the moment when a read_committed
consumer has its alert, for several triggers."""

import contextlib
import shutil
import statistics

import program
from latency import ACCOUNTS, probe, without_detector
from peers import our_stream
from stage import RUN_SECONDS, run_quietly, say
from stream import FLOOR, OURS

FEW = 1_000  # records of the run whose start is measured
START_SECONDS = 300
QUIET_SECONDS = 10  # when for so long nothing has come, all has: longer than any trigger


@contextlib.contextmanager
def scratch_folder(stage, name):
    scratch = stage.folder / "scratch" / name
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    yield scratch
    shutil.rmtree(scratch)


def measure_start(options, stage, tools):
    """From the start of the process to Spark's being up, to the end of the first batch, which is small, and to the end."""
    say("Start…")
    topic = f"transactions-{FEW}"
    stage.fill(topic, FEW)
    results = {OURS: [], FLOOR: []}
    for number in range(1, options.runs + 1):
        for name, runs in results.items():
            alerts = f"alerts-start-{len(runs)}-{name[:4]}"
            with scratch_folder(stage, alerts) as scratch:
                if name == OURS:
                    stage.create_topics(alerts, f"{alerts}.dlq")
                    command = tools.ours(scratch, our_stream(scratch, "default", stage, topic, alerts))
                else:
                    command = tools.java(scratch, "bank.peer.Stream", "nothing", stage.broker.address, topic, FEW, scratch / "checkpoint")
                run = program.run(scratch, *command, RUN_SECONDS)
            runs.append({"started_s": run.events("started")[0].at_s, "first_batch_s": run.events("batch")[0].at_s, "wall_s": run.usage.wall_s,
                         "cpu_s": run.usage.cpu_s})
            say(f"  {name}, {number}: {runs[-1]}")
    print(f"\nStart, with {FEW:,} records to read: s from the start of the process to `started`, to the end of the first batch, and to its end.")
    print("\n| | started | first batch | ended | CPU s |\n|---|---|---|---|---|")
    for name, runs in results.items():
        medians = (statistics.median(run[field] for run in runs) for field in ("started_s", "first_batch_s", "wall_s", "cpu_s"))
        print(f"| {name} | {' | '.join(f'{each:.2f}' for each in medians)} |")
    return results


def judged(job):
    return sum(each.event["rows"] for each in job.events("batch"))


def with_trigger(options, stage, tools, files, trigger):
    name = f"latency-{trigger}"
    topics = {kind: f"{name}-{kind}" for kind in ("transactions", "alerts")}
    stage.create_topics(*topics.values(), f"{topics['alerts']}.dlq")
    with scratch_folder(stage, name) as scratch:
        config = our_stream(scratch, "default", stage, topics["transactions"], topics["alerts"], trigger=trigger)
        with program.Program(scratch, *tools.ours(scratch, config)) as job:
            job.wait_until(lambda: job.events("started"), "it had started", START_SECONDS)
            sent = probe(options, stage, tools, files[0], *topics.values(), QUIET_SECONDS)["sent"]  # until its code is compiled
            job.wait_until(lambda: judged(job) >= sent, f"the first {sent:,} records were judged", START_SECONDS)
            warm = len(job.events("batch"))
            figures = probe(options, stage, tools, files[1], *topics.values(), QUIET_SECONDS)
            unseen = sent + figures["sent"] - judged(job)  # more than the probe has waited for
            batches = [each.event for each in job.events("batch")[warm:]]
            job.stop()
    if not batches:
        raise SystemExit(f"trigger {trigger}: no batch ended while {figures['sent']:,} records were sent and waited for; is the machine too busy?")
    figures |= {"unseen": unseen, "batches": len(batches), "batch_ms": statistics.median(batch["duration_ms"] for batch in batches),
                "batch_rows": statistics.median(batch["rows"] for batch in batches), "cpu_s": job.usage.cpu_s, "rss_mib": job.usage.rss_mib}
    say(f"  trigger {trigger}: {figures}")
    return {"trigger": trigger, **figures}


def measure_latency(options, stage, tools):
    say("Latency…")
    files = []
    for number, seconds in enumerate((options.warm_seconds, options.latency_seconds)):
        files.append(stage.folder / f"latency-{number}.jsonl")
        run_quietly([stage.bank, "generate", "--quiet", "--count", options.rate * seconds, "--accounts", ACCOUNTS, "--seed", 2 + number, "--labels", "",
                     "--output", files[-1]])
    without_detector(options, stage, tools, files[0], "latency-warm-up")  # the broker's first seconds are slow
    alone = without_detector(options, stage, tools, files[1], "latency-alone")
    rows = [with_trigger(options, stage, tools, files, trigger) for trigger in options.triggers]
    for file in files:
        file.unlink()
    print(f"\nSent to visible for a read_committed consumer, alerts, at {options.rate:,} transactions a second for {options.latency_seconds} s (after "
          f"{options.warm_seconds} s to warm up), default rules, ms.")
    print(f"\n| trigger | seen | p50 | p99 | most | a batch takes | of records | sent a second | not judged in time |\n|---|{'---|' * 8}")
    print(f"| no detector | {alone['seen']:,} | {alone['p50']:.1f} | {alone['p99']:.1f} | {alone['max']:.1f} | – | – "
          f"| {alone['sent'] / alone['seconds']:,.0f} | – |")
    for row in rows:
        print(f"| {row['trigger']} | {row['seen']:,} | {row['p50']:.0f} | {row['p99']:.0f} | {row['max']:.0f} | {row['batch_ms']:.0f} | {row['batch_rows']:,.0f} "
              f"| {row['sent'] / row['seconds']:,.0f} | {row['unseen']:,} |")
    return [alone, *rows]
