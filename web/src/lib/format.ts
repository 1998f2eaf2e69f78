// Text for figures. Amounts stay the decimal strings that the server sent: they never become a float.

const GROUP = /\B(?=(\d{3})+(?!\d))/g;

/** "1234567.5" → "1,234,567.50": thousands grouped, two decimals at least, no decimal lost. */
export function amount(text: string): string {
  const match = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text);
  if (!match) return text;
  const [, sign = '', whole = '', fraction = ''] = match;
  const decimals = fraction.replace(/0+$/, '').padEnd(2, '0');
  return `${sign}${whole.replace(GROUP, ',')}.${decimals}`;
}

/** A number for charts and positions only: what is shown comes from amount(). */
export function amountForScale(text: string): number {
  return Number(text);
}

export function count(value: number): string {
  return Math.round(value).toString().replace(GROUP, ',');
}

/** 1234 → "1,234", 123456 → "123.5k": at most six characters. */
export function compact(value: number): string {
  const size = Math.abs(value);
  if (size < 10_000) return count(value);
  for (const [limit, unit] of [[1e6, 'k'], [1e9, 'M'], [1e12, 'G']] as const) {
    if (size < limit) {
      const scaled = (value * 1000) / limit;
      return `${scaled.toFixed(Math.abs(scaled) < 100 ? 1 : 0)}${unit}`;
    }
  }
  return value.toExponential(1);
}

/** A rate a second: two significant digits below ten, whole numbers above. */
export function rate(value: number): string {
  if (value === 0) return '0';
  if (value < 1) return value.toFixed(2);
  return value < 10 ? value.toFixed(1) : count(value);
}

export function percent(share: number, decimals = 1): string {
  return `${(share * 100).toFixed(decimals)}%`;
}

/** 93784 → "1d 2h", 125 → "2m 5s": the two largest units. */
export function duration(seconds: number): string {
  const units: [string, number][] = [['d', 86400], ['h', 3600], ['m', 60], ['s', 1]];
  let rest = Math.max(0, Math.floor(seconds));
  const parts: string[] = [];
  for (const [unit, size] of units) {
    const n = Math.floor(rest / size);
    rest -= n * size;
    if (n > 0) parts.push(`${n}${unit}`);
    else if (parts.length > 0) break;
    if (parts.length === 2) break;
  }
  return parts.join(' ') || '0s';
}

const WORDS: Record<string, string> = {
  open: 'Open',
  acknowledged: 'Acknowledged',
  confirmed_fraud: 'Confirmed fraud',
  false_positive: 'False positive',
  closed: 'Closed',
  cpu: 'CPU',
};

/** A status or another name_with_underscores, as people write it. */
export function words(name: string): string {
  const known = WORDS[name];
  if (known) return known;
  const text = name.replace(/[_.]/g, ' ').toLowerCase();
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export function plural(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}
