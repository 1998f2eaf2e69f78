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
 * Transactions a second, and alerts by transactions over the half minute before. Steps that are known in part would look like a fall,
 * and are left out: the last one, which is still being filled, and `partial` (see StreamState). So is the time before anything came.
 */
export function lines(series: SeriesPoint[], stepS: number, partial = NaN): Lines {
  const reach = Math.max(1, Math.round(SHARE_WINDOW_S / stepS));
  const begin = Math.max(0, series.findIndex((point) => point.transactions > 0 || point.alerts > 0) - 1);
  const result: Lines = { times: [], throughput: [], alertRate: [] };
  let transactions = 0;
  let alerts = 0;
  for (let i = begin; i < series.length - 1; i++) {
    const point = series[i]!;
    transactions += point.transactions;
    alerts += point.alerts;
    const gone = i - reach >= begin ? series[i - reach] : undefined;
    if (gone) {
      transactions -= gone.transactions;
      alerts -= gone.alerts;
    }
    if (parse(point.time) === partial) continue;
    result.times.push(parse(point.time) / 1000);
    result.throughput.push(point.transactions / stepS);
    result.alertRate.push(transactions > 0 ? alerts / transactions : 0);
  }
  return result;
}
