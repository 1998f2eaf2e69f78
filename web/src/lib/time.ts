// Times come in UTC with microseconds and are shown in the viewer's zone; the UTC text stands in the title.

/** "2026-01-05 00:00:00" and RFC 3339 alike → milliseconds; NaN when it is no time. The contract's naked times are UTC. */
export function parse(text: string): number {
  const zoned = /(?:Z|[+-]\d\d:?\d\d)$/i.test(text) ? text : `${text}Z`;
  // Engines disagree on more than three decimals, and the microseconds are only ever shown from the text.
  return Date.parse(zoned.replace(' ', 'T').replace(/(\.\d{3})\d+/, '$1'));
}

const pad = (n: number) => n.toString().padStart(2, '0');

export function clock(ms: number): string {
  const d = new Date(ms);
  return `${pad(d.getHours())}:${pad(d.getMinutes())}:${pad(d.getSeconds())}`;
}

export function day(ms: number): string {
  const d = new Date(ms);
  return `${d.getFullYear()}-${pad(d.getMonth() + 1)}-${pad(d.getDate())}`;
}

/** The clock alone for today's times, with the day before it for others. */
export function short(ms: number, now: number = Date.now()): string {
  if (Number.isNaN(ms)) return '–';
  return day(ms) === day(now) ? clock(ms) : `${day(ms)} ${clock(ms)}`;
}

/** Exact, in UTC: every decimal that was sent, trailing zeros aside. */
export function utc(text: string): string {
  const ms = parse(text);
  if (Number.isNaN(ms)) return text;
  const fraction = /\.(\d+)/.exec(text)?.[1]?.replace(/0+$/, '') ?? '';
  return `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')}${fraction ? `.${fraction}` : ''} UTC`;
}

/** "just now", "40 s ago", "3 min ago", "2 h ago", "5 days ago". */
export function ago(ms: number, now: number = Date.now()): string {
  const s = Math.floor((now - ms) / 1000);
  if (Number.isNaN(s)) return '–';
  if (s < 5) return 'just now';
  if (s < 60) return `${s} s ago`;
  if (s < 3600) return `${Math.floor(s / 60)} min ago`;
  if (s < 2 * 86400) return `${Math.floor(s / 3600)} h ago`;
  return `${Math.floor(s / 86400)} days ago`;
}

/** For an <input type="datetime-local">, which speaks the viewer's zone; "" for what is no time. */
export function toField(text: string): string {
  const ms = parse(text);
  return Number.isNaN(ms) ? '' : `${day(ms)}T${clock(ms)}`;
}

/** What such an input holds, as an instant in UTC; "" while it is incomplete. */
export function fromField(text: string): string {
  const ms = new Date(text).getTime();
  return Number.isNaN(ms) ? '' : new Date(ms).toISOString();
}

/** The viewer's zone, as in "Europe/Berlin". */
export const zone: string = Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC';
