// What the page knows of the stream: a pure function of the events that the server sent (see live.svelte.ts for the wire).
import { parse } from './time';
import type { Alert, AlertChanged, Health, RuleCount, SeriesPoint, Statistics, Tick, Transaction } from './types';

export interface StreamState {
  statistics: Statistics | null;
  /** The beginning of the step that was under way when the statistics came: what fell into it before is not in the series. */
  partial: number;
  /** Whether more came than was told here: the series lacks it, and the statistics must be asked for again. */
  behind: boolean;
  /** Newest first, each transaction once. */
  feed: Transaction[];
  /** Events that the server left out for this page, as it was too slow or they were too many. */
  dropped: number;
  /** Counts up with each transaction put into the feed: "12 new" while the feed is paused. */
  seen: number;
}

export type StreamEvent =
  | { type: 'snapshot'; data: Statistics }
  | { type: 'tick'; data: Tick }
  | { type: 'alert'; data: Alert }
  | { type: 'alert_changed'; data: AlertChanged }
  | { type: 'health'; data: Health }
  | { type: 'dropped'; data: { events: number } };

export const FEED_ROWS = 120;
/** Of one tick, so that the feed can be read: those with alerts before the others. */
export const FEED_ALERTED_A_TICK = 3;
export const FEED_OTHERS_A_TICK = 2;
const SERIES_MS = 15 * 60 * 1000;

export const EMPTY: StreamState = { statistics: null, partial: NaN, behind: false, feed: [], dropped: 0, seen: 0 };

/** The series with what came since added to the bucket that the tick falls into. */
export function extendSeries(series: SeriesPoint[], stepS: number, time: string, transactions: number, alerts: number): SeriesPoint[] {
  const ms = parse(time);
  const step = stepS * 1000;
  const bucket = Math.floor(ms / step) * step;
  const last = series[series.length - 1];
  const lastMs = last ? parse(last.time) : -Infinity;
  if (last && bucket <= lastMs) {
    const sum = { time: last.time, transactions: last.transactions + transactions, alerts: last.alerts + alerts };
    return [...series.slice(0, -1), sum];
  }
  const next = series.slice();
  // Seconds in which nothing came are zeros in the chart, not a straight line across them.
  if (last) {
    const from = Math.max(lastMs + step, bucket - SERIES_MS);
    for (let t = from; t < bucket; t += step) next.push({ time: new Date(t).toISOString(), transactions: 0, alerts: 0 });
  }
  next.push({ time: new Date(bucket).toISOString(), transactions, alerts });
  const oldest = bucket - SERIES_MS;
  const keepFrom = next.findIndex((point) => parse(point.time) > oldest);
  return keepFrom > 0 ? next.slice(keepFrom) : next;
}

function addCounts(counts: RuleCount[], more: RuleCount[]): RuleCount[] {
  if (more.length === 0) return counts;
  const sums = new Map(counts.map((entry) => [entry.rule, entry]));
  for (const entry of more) sums.set(entry.rule, { ...entry, count: entry.count + (sums.get(entry.rule)?.count ?? 0) });
  return [...sums.values()];
}

function withTick(state: StreamState, tick: Tick): StreamState {
  const before = state.statistics;
  if (!before) return state;
  const statistics: Statistics = {
    ...before,
    totals: { ...tick.totals, by_rule: addCounts(before.totals.by_rule, tick.by_rule) },
    rates: tick.rates,
    lag_records: tick.lag_records,
    series: extendSeries(before.series, before.series_step_s, tick.at, tick.transactions, tick.alerts),
  };
  const known = new Set(state.feed.map((row) => row.transaction_id));
  const unknown = tick.sample.filter((row) => !known.has(row.transaction_id) && known.add(row.transaction_id));
  const fresh = [
    ...unknown.filter((row) => row.rules.length > 0).slice(0, FEED_ALERTED_A_TICK),
    ...unknown.filter((row) => row.rules.length === 0).slice(0, FEED_OTHERS_A_TICK),
  ];
  fresh.sort((a, b) => parse(b.time) - parse(a.time));
  return {
    ...state,
    statistics,
    behind: state.behind || tick.totals.transactions - before.totals.transactions > tick.transactions,
    feed: fresh.length > 0 ? [...fresh, ...state.feed].slice(0, FEED_ROWS) : state.feed,
    seen: state.seen + fresh.length,
    dropped: state.dropped + tick.dropped,
  };
}

export function reduce(state: StreamState, event: StreamEvent): StreamState {
  switch (event.type) {
    case 'snapshot': {
      const last = event.data.series.at(-1);
      return { ...state, statistics: event.data, behind: false, partial: last ? parse(last.time) + event.data.series_step_s * 1000 : NaN };
    }
    case 'tick':
      return withTick(state, event.data);
    case 'dropped':
      return { ...state, dropped: state.dropped + event.data.events };
    default:
      return state; // What concerns one page alone is listened for there (live.svelte.ts).
  }
}
