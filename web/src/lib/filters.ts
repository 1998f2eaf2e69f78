// Filters live in the address, so that a view can be linked to.
import { parse } from './time';

export interface TimeFilter {
  /** A span up to now ("24h"), "own" for `from` and `to`, or nothing for all of time. */
  since: string;
  /** In UTC, so that a link means the same to everybody: from this on, … */
  from: string;
  /** … to before this. */
  to: string;
}

/** Those of the alerts page. */
export interface Filters extends TimeFilter {
  q: string;
  account: string;
  rule: string;
  severity: string;
  decision: string;
  status: string;
  assignee: string;
  sort: string;
}

export const NO_FILTERS: Filters = { q: '', account: '', rule: '', severity: '', decision: '', status: '', assignee: '', since: '', from: '', to: '', sort: '' };

export const SPANS = [
  { name: '15m', label: 'Last 15 minutes', seconds: 900 },
  { name: '1h', label: 'Last hour', seconds: 3600 },
  { name: '24h', label: 'Last 24 hours', seconds: 86_400 },
  { name: '7d', label: 'Last 7 days', seconds: 604_800 },
  { name: '30d', label: 'Last 30 days', seconds: 2_592_000 },
];

export function timeFromQuery(query: URLSearchParams): TimeFilter {
  const instant = (name: string) => (Number.isNaN(parse(query.get(name) ?? '')) ? '' : (query.get(name) ?? ''));
  return { since: query.get('since') ?? '', from: instant('from'), to: instant('to') };
}

export function fromQuery(query: URLSearchParams): Filters {
  const filters = { ...NO_FILTERS };
  for (const name of Object.keys(filters) as (keyof Filters)[]) filters[name] = query.get(name) ?? '';
  return { ...filters, ...timeFromQuery(query) };
}

/** As the API wants it. */
export function timeToRequest({ since, from, to }: TimeFilter, now: number): { from: string; to: string } {
  const span = SPANS.find((known) => known.name === since);
  return span ? { from: new Date(now - span.seconds * 1000).toISOString(), to: '' } : { from, to };
}

export function toRequest(filters: Filters, now: number): Record<string, string> {
  const { since, ...rest } = filters;
  return { ...rest, ...timeToRequest(filters, now) };
}

/** How many filters are set; the order is none. */
export function active(filters: Filters): number {
  const { sort, since, from, to, ...others } = filters;
  return Object.values(others).filter(Boolean).length + (since || from || to ? 1 : 0);
}

/** "a,b" without b, or with it. */
export function toggled(list: string, value: string): string {
  const values = list ? list.split(',') : [];
  return (values.includes(value) ? values.filter((v) => v !== value) : [...values, value]).join(',');
}

/** Whether an alert that just came belongs into the view. `q` and accounts are left to the server: they may match anything. */
export function mayMatch(filters: Filters, alert: { alert_type: string; severity: string; decision: string | null; status: string; account_ref: string; account_number: string; time: string }): boolean {
  const among = (list: string, value: string) => !list || list.split(',').includes(value);
  const ms = parse(alert.time);
  return (
    !(ms < parse(filters.from)) &&
    !(ms >= parse(filters.to)) &&
    among(filters.rule, alert.alert_type) &&
    among(filters.severity, alert.severity) &&
    among(filters.decision, alert.decision ?? '') &&
    among(filters.status, alert.status) &&
    (!filters.account || filters.account === alert.account_ref || filters.account === alert.account_number) &&
    !filters.q &&
    !filters.assignee
  );
}
