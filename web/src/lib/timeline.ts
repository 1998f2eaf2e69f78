// Where a transaction stands on the account's timeline: time to the right, amount upwards in powers of ten.
import { amountForScale } from './format';
import { parse } from './time';
import type { RuleWindow, Transaction } from './types';

export interface Dot {
  transaction: Transaction;
  x: number;
  y: number;
}

export interface Tick {
  at: number;
  text: string;
}

export interface Frame {
  from: number;
  to: number;
  width: number;
  height: number;
}

/**
 * The span to show: the window, or everything there is, with some room on either side. The empty beginning of a window is cut off
 * where all that counts is in its last part.
 */
export function span(transactions: Transaction[], window: RuleWindow | null): [number, number] {
  const times = transactions.map((t) => parse(t.time));
  let from = Math.min(...times);
  let to = Math.max(...times);
  if (window) {
    to = parse(window.to);
    const inside = new Set(window.transaction_ids);
    const first = Math.min(to, ...transactions.filter((t) => inside.has(t.transaction_id)).map((t) => parse(t.time)));
    from = Math.max(parse(window.from), to - Math.max((to - first) * 1.5, window.duration_s * 50));
  }
  const margin = Math.max((to - from) / 8, 1000);
  return [from - margin, to + margin];
}

export function xOf(ms: number, frame: Frame): number {
  return ((ms - frame.from) / (frame.to - frame.from)) * frame.width;
}

/** 1 at the foot, the next power of ten above `highest` at the top. */
export function yOf(value: number, highest: number, height: number): number {
  const top = Math.ceil(Math.log10(Math.max(10, highest)));
  return height - (Math.max(0, Math.log10(Math.max(1, value))) / top) * height;
}

export function dots(transactions: Transaction[], frame: Frame): Dot[] {
  const highest = Math.max(10, ...transactions.map((t) => amountForScale(t.amount)));
  return transactions
    .map((transaction) => ({
      transaction,
      x: xOf(parse(transaction.time), frame),
      y: yOf(amountForScale(transaction.amount), highest, frame.height),
    }))
    .filter((dot) => dot.x >= 0 && dot.x <= frame.width);
}

export function amountTicks(transactions: Transaction[], height: number): Tick[] {
  const highest = Math.max(10, ...transactions.map((t) => amountForScale(t.amount)));
  const top = Math.ceil(Math.log10(highest));
  const ticks: Tick[] = [];
  for (let power = 0; power <= top; power++) {
    const value = 10 ** power;
    ticks.push({ at: yOf(value, highest, height), text: value >= 1e6 ? `${value / 1e6}M` : value >= 1e3 ? `${value / 1e3}k` : String(value) });
  }
  return ticks;
}

const STEPS_S = [1, 5, 15, 30, 60, 300, 900, 1800, 3600, 3 * 3600, 6 * 3600, 12 * 3600, 86_400, 2 * 86_400, 7 * 86_400, 30 * 86_400];

/** Round times in the viewer's zone, with `wanted` steps between them at most. */
export function timeTicks(frame: Frame, wanted: number): Tick[] {
  const seconds = (frame.to - frame.from) / 1000;
  const step = (STEPS_S.find((s) => seconds / s <= wanted) ?? 90 * 86_400) * 1000;
  const shift = new Date(frame.from).getTimezoneOffset() * 60_000;
  const ticks: Tick[] = [];
  for (let t = Math.ceil((frame.from - shift) / step) * step + shift; t <= frame.to; t += step) {
    const d = new Date(t);
    const two = (n: number) => n.toString().padStart(2, '0');
    const clock = `${two(d.getHours())}:${two(d.getMinutes())}`;
    const text = step >= 86_400_000 ? `${two(d.getMonth() + 1)}-${two(d.getDate())}` : step < 60_000 ? `${clock}:${two(d.getSeconds())}` : clock;
    ticks.push({ at: xOf(t, frame), text });
  }
  return ticks;
}
