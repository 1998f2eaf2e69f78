// Filters live in the address, so that a view can be linked to.
import { words } from './format';
import { parse } from './time';
import { SEVERITIES, STATUSES } from './types';

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

/** What may be chosen: a value, and what it is called. */
export type Option = readonly [value: string, label: string];

export const optionsOf = (values: readonly string[]): Option[] => values.map((value) => [value, words(value)]);

export const TO_DO_STATUSES = 'open,acknowledged';
export const SEVERITY_OPTIONS: readonly Option[] = [['', 'Any severity'], ...optionsOf(SEVERITIES)];

/** `any`: the value that stands for every status. Others than the usual ones, as links may have them, are added. */
export function statusOptions(any: string, value: string): Option[] {
  const usual: Option[] = [[any, 'Any status'], [TO_DO_STATUSES, 'To do'], ...optionsOf(STATUSES)];
  return usual.some(([name]) => name === value) ? usual : [...usual, [value, value.split(',').map(words).join(', ')]];
}

export function assigneeOptions(user: string, value: string): Option[] {
  const usual: Option[] = [['', "Anybody's"], ...(user ? [[user, 'Mine'] as const] : []), ['-', "Nobody's"]];
  return usual.some(([name]) => name === value) ? usual : [...usual, [value, value]];
}

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
