import { describe, expect, it } from 'vitest';
import { amount, compact, duration, percent, plural, rate, words } from './format';

describe('amount', () => {
  it('keeps every digit of what no double could hold', () => {
    expect(amount('99999999999999.9999')).toBe('99,999,999,999,999.9999');
    expect(amount('9007199254740993.01')).toBe('9,007,199,254,740,993.01');
  });
  it('shows two decimals, or as many more as count', () => {
    expect(amount('5')).toBe('5.00');
    expect(amount('0.1')).toBe('0.10');
    expect(amount('5000.0001')).toBe('5,000.0001');
    expect(amount('12.5000')).toBe('12.50');
  });
  it('groups thousands in the whole part alone', () => {
    expect(amount('999.00')).toBe('999.00');
    expect(amount('1000.1234')).toBe('1,000.1234');
    expect(amount('-1234567.50')).toBe('-1,234,567.50');
  });
  it('shows what is no number as it is', () => {
    expect(amount('1e5')).toBe('1e5');
    expect(amount('')).toBe('');
  });
});

describe('figures', () => {
  it('shortens large counts', () => {
    expect(compact(9_999)).toBe('9,999');
    expect(compact(12_345)).toBe('12.3k');
    expect(compact(999_000)).toBe('999k');
    expect(compact(4_200_000)).toBe('4.2M');
    expect(compact(7_500_000_000)).toBe('7.5G');
  });
  it('shows rates with as much as can be read', () => {
    expect([0, 0.034, 4.26, 41.6, 5012.2].map(rate)).toEqual(['0', '0.03', '4.3', '42', '5,012']);
  });
  it('shows shares and durations', () => {
    expect(percent(0.02534, 2)).toBe('2.53%');
    expect([0, 59, 125, 3600, 93_784].map(duration)).toEqual(['0s', '59s', '2m 5s', '1h', '1d 2h']);
  });
  it('writes names as words, and one as one', () => {
    expect([words('confirmed_fraud'), words('TRANSFER'), words('alert.status')]).toEqual(['Confirmed fraud', 'Transfer', 'Alert status']);
    expect([plural(1, 'alert'), plural(1200, 'alert')]).toEqual(['1 alert', '1,200 alerts']);
  });
});
