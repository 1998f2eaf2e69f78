// The filters of the alerts page: they live in the address, so that a view can be linked to.

export interface Filters {
  q: string;
  account: string;
  rule: string;
  severity: string;
  decision: string;
  status: string;
  assignee: string;
  /** A span up to now ("24h"), or nothing for all of time. */
  since: string;
  sort: string;
}

export const NO_FILTERS: Filters = { q: '', account: '', rule: '', severity: '', decision: '', status: '', assignee: '', since: '', sort: '' };

const SPANS_S: Record<string, number> = { '15m': 900, '1h': 3600, '24h': 86_400, '7d': 604_800, '30d': 2_592_000 };

export function fromQuery(query: URLSearchParams): Filters {
  const filters = { ...NO_FILTERS };
  for (const name of Object.keys(filters) as (keyof Filters)[]) filters[name] = query.get(name) ?? '';
  return filters;
}

/** As the API wants it. */
export function toRequest(filters: Filters, now: number): Record<string, string> {
  const { since, ...rest } = filters;
  const span = SPANS_S[since];
  return span === undefined ? rest : { ...rest, from: new Date(now - span * 1000).toISOString() };
}

/** How many filters are set; the order is none. */
export function active(filters: Filters): number {
  return Object.entries(filters).filter(([name, value]) => value && name !== 'sort').length;
}

/** "a,b" without b, or with it. */
export function toggled(list: string, value: string): string {
  const values = list ? list.split(',') : [];
  return (values.includes(value) ? values.filter((v) => v !== value) : [...values, value]).join(',');
}

/** Whether an alert that just came belongs into the view. `q` and accounts are left to the server: they may match anything. */
export function mayMatch(filters: Filters, alert: { alert_type: string; severity: string; decision: string | null; status: string; account_ref: string; account_number: string }): boolean {
  const among = (list: string, value: string) => !list || list.split(',').includes(value);
  return (
    among(filters.rule, alert.alert_type) &&
    among(filters.severity, alert.severity) &&
    among(filters.decision, alert.decision ?? '') &&
    among(filters.status, alert.status) &&
    (!filters.account || filters.account === alert.account_ref || filters.account === alert.account_number) &&
    !filters.q &&
    !filters.assignee
  );
}
