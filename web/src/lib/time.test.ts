import { describe, expect, it } from 'vitest';
import { ago, fromField, parse, short, toField, utc } from './time';

// vite.config.ts runs the tests in New York.
describe('parse', () => {
  it('takes a time without a zone as UTC, as the contract has it', () => {
    expect(parse('2026-01-05 00:00:00')).toBe(Date.UTC(2026, 0, 5));
    expect(parse('2026-01-05T00:00:00.123456Z')).toBe(Date.UTC(2026, 0, 5, 0, 0, 0, 123));
    expect(parse('2026-01-05T02:00:00+02:00')).toBe(Date.UTC(2026, 0, 5));
  });
  it('is NaN for what is no time', () => {
    expect(parse('yesterday')).toBeNaN();
  });
});

describe('short', () => {
  const now = Date.UTC(2026, 6, 1, 15);
  it("shows today's times in the viewer's zone, summer and winter", () => {
    expect(short(Date.UTC(2026, 6, 1, 14, 5, 9), now)).toBe('10:05:09');
    expect(short(Date.UTC(2026, 0, 1, 14, 5, 9), now)).toBe('2026-01-01 09:05:09');
  });
  it("calls a day what is the viewer's day", () => {
    expect(short(Date.UTC(2026, 6, 1, 3), now)).toBe('2026-06-30 23:00:00');
  });
});

describe('utc', () => {
  it('keeps the microseconds', () => {
    expect(utc('2026-01-05T01:02:03.000042Z')).toBe('2026-01-05 01:02:03.000042 UTC');
    expect(utc('2026-01-05T01:02:03.500000+01:00')).toBe('2026-01-05 00:02:03.5 UTC');
    expect(utc('2026-01-05 01:02:03')).toBe('2026-01-05 01:02:03 UTC');
  });
});

describe('ago', () => {
  it('grows coarser with age', () => {
    const now = Date.UTC(2026, 0, 10);
    expect([2, 40, 200, 7200, 5 * 86_400].map((s) => ago(now - s * 1000, now))).toEqual(['just now', '40 s ago', '3 min ago', '2 h ago', '5 days ago']);
  });
});

describe('a field for a time', () => {
  it("shows and takes the viewer's zone, summer and winter", () => {
    expect([toField('2026-07-01T14:05:09.5Z'), toField('2026-01-01T14:05:09Z')]).toEqual(['2026-07-01T10:05:09', '2026-01-01T09:05:09']);
    expect([fromField('2026-07-01T10:05'), fromField('2026-01-01T09:05:09')]).toEqual(['2026-07-01T14:05:00.000Z', '2026-01-01T14:05:09.000Z']);
  });
  it('is empty for what is no time', () => {
    expect([toField(''), toField('soon'), fromField('')]).toEqual(['', '', '']);
  });
});
