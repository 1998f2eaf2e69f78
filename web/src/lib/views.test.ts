import { describe, expect, it } from 'vitest';
import { active, fromQuery, mayMatch, NO_FILTERS, toggled, toRequest } from './filters';
import { lines } from './series';
import { dots, span, timeTicks, yOf, type Frame } from './timeline';
import type { RuleWindow, Transaction } from './types';

const AT = Date.UTC(2026, 0, 5, 12);
const iso = (s: number) => new Date(AT + s * 1000).toISOString();

describe('lines', () => {
  it('leaves the step out that is still being filled', () => {
    const drawn = lines([{ time: iso(0), transactions: 50, alerts: 1 }, { time: iso(5), transactions: 2, alerts: 0 }], 5);
    expect(drawn).toEqual({ times: [AT / 1000], throughput: [10], alertRate: [0.02] });
  });
  it('leaves the step out that was under way when the page was opened, and the time before anything came', () => {
    const point = (s: number, transactions: number) => ({ time: iso(s), transactions, alerts: 0 });
    const drawn = lines([point(0, 0), point(5, 0), point(10, 50), point(15, 20), point(20, 50), point(25, 1)], 5, AT + 15_000);
    expect(drawn.times).toEqual([5, 10, 20].map((s) => AT / 1000 + s));
    expect(drawn.throughput).toEqual([0, 10, 10]);
  });
  it('takes the alert rate over half a minute, and 0 of nothing as 0', () => {
    const series = Array.from({ length: 62 }, (_, i) => ({ time: iso(i), transactions: i < 31 ? 0 : 10, alerts: i === 40 ? 3 : 0 }));
    const { alertRate } = lines(series, 1);
    expect(alertRate[0]).toBe(0);
    expect(alertRate[40 - 30]).toBeCloseTo(3 / 100);
    expect(alertRate[60 - 30]).toBeCloseTo(3 / 300);
  });
});

describe('filters', () => {
  it('survive the address', () => {
    const filters = fromQuery(new URLSearchParams('status=open,acknowledged&rule=VELOCITY&evil=1&since=1h'));
    expect(filters).toEqual({ ...NO_FILTERS, status: 'open,acknowledged', rule: 'VELOCITY', since: '1h' });
    expect(active(filters)).toBe(3);
    expect(toRequest(filters, AT)).toMatchObject({ rule: 'VELOCITY', from: iso(-3600) });
    expect(toRequest(filters, AT)).not.toHaveProperty('since');
  });
  it('take a time range of one’s own, and drop what is no time', () => {
    const filters = fromQuery(new URLSearchParams(`since=own&from=${iso(0)}&to=soon`));
    expect(filters).toEqual({ ...NO_FILTERS, since: 'own', from: iso(0) });
    expect(active(filters)).toBe(1);
    expect(toRequest(filters, AT)).toMatchObject({ from: iso(0), to: '' });
    expect(toRequest({ ...filters, since: '15m' }, AT)).toMatchObject({ from: iso(-900), to: '' });
  });
  it('tell which new alerts belong into the view', () => {
    const alert = { alert_type: 'VELOCITY', severity: 'HIGH', decision: null, status: 'open', account_ref: 'r', account_number: '1', time: iso(0) };
    expect(mayMatch({ ...NO_FILTERS, severity: 'LOW,HIGH' }, alert)).toBe(true);
    expect(mayMatch({ ...NO_FILTERS, severity: 'LOW' }, alert)).toBe(false);
    expect(mayMatch({ ...NO_FILTERS, decision: 'BLOCK' }, alert)).toBe(false);
    expect(mayMatch({ ...NO_FILTERS, since: 'own', from: iso(0), to: iso(1) }, alert)).toBe(true);
    expect(mayMatch({ ...NO_FILTERS, since: 'own', from: iso(1) }, alert)).toBe(false);
    expect(mayMatch({ ...NO_FILTERS, since: 'own', to: iso(0) }, alert)).toBe(false);
  });
  it('toggle a value of a list', () => {
    expect([toggled('', 'a'), toggled('a,b', 'a'), toggled('a', 'b')]).toEqual(['a', 'b', 'a,b']);
  });
});

describe('the timeline', () => {
  const at = (s: number, id = String(s), amount = '10.00') => ({ transaction_id: id, time: iso(s), amount }) as Transaction;
  const frame: Frame = { from: AT, to: AT + 100_000, width: 1000, height: 100 };

  it('places dots by time and by powers of ten', () => {
    expect(dots([at(50, 'a', '100.00')], frame)).toMatchObject([{ x: 500, y: 0 }]);
    expect([yOf(1, 1000, 90), yOf(10, 1000, 90), yOf(0, 1000, 90), yOf(1000, 1000, 90)]).toEqual([90, 60, 90, 0]);
  });
  it('leaves out what lies beyond', () => {
    expect(dots([at(-1), at(101)], frame)).toEqual([]);
  });
  it('cuts the empty beginning of a long window off', () => {
    const window = { from: iso(-86_400), to: iso(0), duration_s: 86_400, transaction_ids: ['x', 'y'] } as RuleWindow;
    const [from, to] = span([at(-600, 'x'), at(0, 'y')], window);
    expect(to).toBeGreaterThan(AT);
    expect(AT - from).toBeLessThan(2 * 3600 * 1000);
    expect(from).toBeLessThan(AT - 600_000);
  });
  it('has round times for ticks', () => {
    expect(timeTicks({ ...frame, to: AT + 1800_000 }, 6).map((tick) => tick.text)).toEqual(['07:00', '07:05', '07:10', '07:15', '07:20', '07:25', '07:30']);
  });
});
