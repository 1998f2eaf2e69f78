// The API's shapes (openapi.json). Amounts are exact decimal strings, times RFC 3339 in UTC.

export type Severity = 'LOW' | 'MEDIUM' | 'HIGH' | 'CRITICAL';
export type Decision = 'APPROVE' | 'REVIEW' | 'BLOCK';
export type Status = 'open' | 'acknowledged' | 'confirmed_fraud' | 'false_positive' | 'closed';
export type Role = 'viewer' | 'analyst' | 'admin';
export type Level = 'OK' | 'UNKNOWN' | 'WARNING' | 'CRITICAL';

export const SEVERITIES: Severity[] = ['CRITICAL', 'HIGH', 'MEDIUM', 'LOW'];
export const DECISIONS: Decision[] = ['APPROVE', 'REVIEW', 'BLOCK'];
export const STATUSES: Status[] = ['open', 'acknowledged', 'confirmed_fraud', 'false_positive', 'closed'];

export interface Session {
  user: string;
  role: Role;
  csrf: string;
  /** Whether account numbers come as ****1234. */
  masked: boolean;
}

export interface RuleCount {
  rule: string;
  severity: Severity;
  count: number;
}

export interface SeriesPoint {
  time: string;
  transactions: number;
  alerts: number;
}

export interface Totals {
  transactions: number;
  alerts: number;
  by_decision: Record<Decision, number>;
  by_severity: Record<Severity, number>;
}

export interface Rates {
  transactions_per_s: number;
  alerts_per_s: number;
  alert_share: number;
}

export interface Statistics {
  mode: 'demo' | 'file' | 'kafka';
  version: string;
  started_at: string;
  uptime_s: number;
  totals: Totals & { by_rule: RuleCount[] };
  rates: Rates;
  lag_records: number | null;
  series_step_s: number;
  series: SeriesPoint[];
}

export interface Transaction {
  transaction_id: string;
  account_number: string;
  /** Stands for the account in links, whoever looks. */
  account_ref: string;
  transaction_type: string;
  amount: string;
  timestamp: string;
  time: string;
  location: string | null;
  merchant: string | null;
  status: string | null;
  risk: number | null;
  decision: Decision | null;
  rules: string[];
}

export interface Tick {
  at: string;
  /** Since the last tick, as alerts and by_rule are. */
  transactions: number;
  alerts: number;
  by_rule: RuleCount[];
  rates: Rates;
  totals: Totals;
  lag_records: number | null;
  sample: Transaction[];
  dropped: number;
}

export interface Alert {
  alert_id: string;
  alert_type: string;
  severity: Severity;
  score: number;
  reason: string;
  transaction_id: string;
  account_number: string;
  account_ref: string;
  amount: string;
  timestamp: string;
  time: string;
  rules_version: string;
  detected_at: string;
  source: string;
  decision: Decision | null;
  risk: number | null;
  status: Status;
  assignee: string | null;
  case_id: string | null;
  updated_at: string;
  version: number;
}

export type AlertChanged = Pick<Alert, 'alert_id' | 'status' | 'assignee' | 'case_id' | 'version' | 'updated_at'>;

export interface Note {
  id: number;
  at: string;
  user: string;
  text: string;
}

export interface AuditEntry {
  id: number;
  at: string;
  user: string;
  action: string;
  subject: string;
  from: string | null;
  to: string | null;
  remote: string | null;
}

export interface AlertDetail extends Alert {
  transaction: Transaction | null;
  siblings: Alert[];
  notes: Note[];
  audit: AuditEntry[];
}

export interface Case {
  case_id: string;
  account_number: string;
  account_ref: string;
  status: Status;
  assignee: string | null;
  severity: Severity;
  alerts: number;
  score: number;
  rules: string[];
  first_at: string;
  last_at: string;
  updated_at: string;
  version: number;
}

export interface CaseDetail extends Case {
  alert_items: Alert[];
  notes: Note[];
  audit: AuditEntry[];
}

export interface RuleWindow {
  aggregate: string;
  words: string;
  duration_s: number;
  from: string;
  to: string;
  /** Without the transaction that is judged. */
  prior: boolean;
  transaction_ids: string[];
}

export interface Explanation {
  alert_id: string;
  rule: string;
  words: string;
  when: string;
  reason: string;
  transaction_id: string;
  same_rules: boolean;
  complete: boolean;
  windows: RuleWindow[];
}

export interface Account {
  account_number: string;
  account_ref: string;
  transactions: Transaction[];
  alerts: Alert[];
  explanation: Explanation | null;
  totals: { transactions: number; alerts: number; amount: string; first_at: string | null; last_at: string | null };
}

export interface Rule {
  id: string;
  severity: Severity;
  score: number;
  /** Empty for a rule that only old alerts know. */
  when: string;
  reason: string;
  words: string;
  windows_s: number[];
  hits: number;
  last_hit: string | null;
  dispositions: { confirmed_fraud: number; false_positive: number; open: number };
  precision: number | null;
}

export interface Rules {
  rules_version: string;
  file: string;
  rules: Rule[];
}

export interface Check {
  name: string;
  status: Level;
  value?: number;
  unit?: string;
  warning?: number;
  critical?: number;
  text: string;
}

export interface Health {
  at: string;
  status: Level;
  checks: Check[];
  store: { kind: string; ready: boolean; text: string };
  source: { kind: string; ready: boolean; lag_records: number | null; text: string };
  events: { clients: number; dropped: number };
}

export interface User {
  user: string;
  role: Role;
  disabled: boolean;
  created_at: string;
  last_login_at: string | null;
}

export type Scope = 'read' | 'decide' | 'work' | 'admin';

export interface Token {
  id: string;
  name: string;
  user: string;
  scopes: Scope[];
  created_at: string;
  expires_at: string | null;
  last_used_at: string | null;
}

/** One that alerts are told to. */
export interface Receiver {
  name: string;
  kind: 'webhook' | 'slack' | 'pagerduty';
  waiting: number;
  dead: number;
  /** When what waits longest was queued. */
  oldest_at: string | null;
  messages: number;
  alerts: number;
  failures: number;
  /** Why the last try failed. */
  trouble: string | null;
}

export interface Notification {
  id: string;
  receiver: string;
  state: 'waiting' | 'dead';
  attempts: number;
  queued_at: string;
  tried_at: string | null;
  error: string | null;
  alert_id: string;
  alert_type: string;
  severity: Severity;
}

export interface NotificationPage extends Page<Notification> {
  receivers: Receiver[];
}

export interface Page<T> {
  items: T[];
  next_cursor: string | null;
}
