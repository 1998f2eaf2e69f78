// What the charts draw of the statistics' series.
import { parse } from './time';
import type { SeriesPoint } from './types';

export interface Lines {
  times: number[];
  throughput: number[];
  alertRate: number[];
}

/** Seconds over which the share of alerts is taken: a share of one second's few transactions would only jump. */
const SHARE_WINDOW_S = 30;

/**
 * Transactions a second, and alerts by transactions over the half minute before. The last step is still being filled and would
 * always look like a fall: it is left out.
 */
export function lines(series: SeriesPoint[], stepS: number): Lines {
  const whole = series.slice(0, -1);
  const reach = Math.max(1, Math.round(SHARE_WINDOW_S / stepS));
  const result: Lines = { times: [], throughput: [], alertRate: [] };
  let transactions = 0;
  let alerts = 0;
  for (const [i, point] of whole.entries()) {
    transactions += point.transactions;
    alerts += point.alerts;
    const gone = whole[i - reach];
    if (gone) {
      transactions -= gone.transactions;
      alerts -= gone.alerts;
    }
    result.times.push(parse(point.time) / 1000);
    result.throughput.push(point.transactions / stepS);
    result.alertRate.push(transactions > 0 ? alerts / transactions : 0);
  }
  return result;
}
