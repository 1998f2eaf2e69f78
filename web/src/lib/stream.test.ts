import { describe, expect, it } from 'vitest';
import { EMPTY, extendSeries, FEED_ALERTED_A_TICK, FEED_OTHERS_A_TICK, FEED_ROWS, reduce, type StreamState } from './stream';
import type { SeriesPoint, Statistics, Tick, Transaction } from './types';

const AT = Date.UTC(2026, 0, 5, 12);
const iso = (s: number) => new Date(AT + s * 1000).toISOString();
const point = (s: number, transactions: number, alerts = 0): SeriesPoint => ({ time: iso(s), transactions, alerts });
const totals = (transactions: number, alerts: number) => ({
  transactions,
  alerts,
  by_decision: { APPROVE: transactions, REVIEW: 0, BLOCK: 0 },
  by_severity: { LOW: 0, MEDIUM: 0, HIGH: alerts, CRITICAL: 0 },
});
const rates = { transactions_per_s: 1, alerts_per_s: 0, alert_share: 0 };

const snapshot: Statistics = {
  mode: 'demo',
  version: '1',
  started_at: iso(-60),
  uptime_s: 60,
  totals: { ...totals(100, 2), by_rule: [{ rule: 'HIGH_AMOUNT', severity: 'HIGH', count: 2 }] },
  rates,
  lag_records: 0,
  series_step_s: 1,
  series: [point(0, 10, 1)],
};

function transaction(id: string, rules: string[] = []): Transaction {
  return {
    transaction_id: id, account_number: 'A', account_ref: 'a', transaction_type: 'PAYMENT', amount: '1.00', timestamp: iso(1), time: iso(1),
    location: null, merchant: null, status: null, risk: 0, decision: 'APPROVE', rules,
  };
}

const tick = (part: Partial<Tick> = {}): Tick => ({
  at: iso(1), transactions: 3, alerts: 1, by_rule: [{ rule: 'VELOCITY', severity: 'MEDIUM', count: 1 }], rates, totals: totals(103, 3), lag_records: 5, sample: [], dropped: 0, ...part,
});
const started = reduce(EMPTY, { type: 'snapshot', data: snapshot });

describe('tick', () => {
  it('takes over totals and adds up what comes as a difference', () => {
    let state = reduce(started, { type: 'tick', data: tick() });
    state = reduce(state, { type: 'tick', data: tick({ by_rule: [{ rule: 'HIGH_AMOUNT', severity: 'HIGH', count: 4 }], totals: totals(106, 7) }) });
    expect(state.statistics?.totals.transactions).toBe(106);
    expect(state.statistics?.totals.by_rule.map((r) => [r.rule, r.count])).toEqual([['HIGH_AMOUNT', 6], ['VELOCITY', 1]]);
    expect(state.statistics?.series.at(-1)).toEqual(point(1, 6, 2));
    expect(state.statistics?.lag_records).toBe(5);
  });
  it('tells of transactions that no tick brought, until the statistics come again', () => {
    const inStep = reduce(started, { type: 'tick', data: tick() });
    expect(inStep.behind).toBe(false);
    const behind = reduce(inStep, { type: 'tick', data: tick({ totals: totals(5000, 7) }) });
    expect(reduce(behind, { type: 'tick', data: tick({ totals: totals(5003, 7) }) }).behind).toBe(true);
    const caughtUp = reduce(behind, { type: 'snapshot', data: { ...snapshot, totals: { ...snapshot.totals, ...totals(5003, 7) } } });
    expect([caughtUp.behind, caughtUp.partial]).toEqual([false, AT + 1000]);
  });
  it('is no news where the snapshot has some of it already', () => {
    expect(reduce(started, { type: 'tick', data: tick({ totals: totals(101, 2) }) }).behind).toBe(false);
  });
  it('means nothing before the snapshot', () => {
    expect(reduce(EMPTY, { type: 'tick', data: tick() })).toEqual(EMPTY);
  });
  it('shows those with alerts first, few of the others, and no transaction twice', () => {
    const others = Array.from({ length: 10 }, (_, i) => transaction(`o${i}`));
    const alerted = Array.from({ length: 10 }, (_, i) => transaction(`a${i}`, ['VELOCITY']));
    let state = reduce(started, { type: 'tick', data: tick({ sample: [...others, ...alerted] }) });
    expect(state.feed.filter((t) => t.rules.length > 0)).toHaveLength(FEED_ALERTED_A_TICK);
    expect(state.feed.filter((t) => t.rules.length === 0)).toHaveLength(FEED_OTHERS_A_TICK);
    state = reduce(state, { type: 'tick', data: tick({ sample: [others[0]!, alerted[0]!] }) });
    expect(state.feed).toHaveLength(FEED_ALERTED_A_TICK + FEED_OTHERS_A_TICK);
  });
  it('keeps the feed short however long the stream is', () => {
    let state: StreamState = started;
    for (let i = 0; i < 200; i++) state = reduce(state, { type: 'tick', data: tick({ sample: [transaction(`t${i}`)] }) });
    expect(state.feed).toHaveLength(FEED_ROWS);
    expect(state.feed[0]?.transaction_id).toBe('t199');
    expect(state.seen).toBe(200);
  });
});

describe('dropped', () => {
  it('is told, whether alerts were too many or the page too slow', () => {
    let state = reduce(started, { type: 'tick', data: tick({ dropped: 3 }) });
    state = reduce(state, { type: 'dropped', data: { events: 4 } });
    expect(state.dropped).toBe(7);
  });
});

describe('extendSeries', () => {
  it('adds to the step that is being filled', () => {
    expect(extendSeries([point(0, 10, 1)], 1, iso(0.9), 5, 1)).toEqual([point(0, 15, 2)]);
  });
  it('shows silence as zeros', () => {
    expect(extendSeries([point(0, 10)], 1, iso(3.2), 7, 0)).toEqual([point(0, 10), point(1, 0), point(2, 0), point(3, 7)]);
  });
  it('keeps to steps of five seconds, and puts what is late into the last one', () => {
    expect(extendSeries([point(0, 10)], 5, iso(7), 1, 0)).toEqual([point(0, 10), point(5, 1)]);
    expect(extendSeries([point(5, 10)], 5, iso(2), 1, 0)).toEqual([point(5, 11)]);
  });
  it('forgets what is older than a quarter of an hour', () => {
    const series = extendSeries([point(0, 1), point(1, 2)], 1, iso(900), 3, 0);
    expect(series[0]).toEqual(point(1, 2));
    expect(series).toHaveLength(900);
    expect(extendSeries(series, 1, iso(90_000), 1, 0)).toHaveLength(900);
  });
});
