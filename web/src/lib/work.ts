// Case work: what can be done to alerts and cases, by button and by key.
import { api, ApiError } from './api';
import type { Status } from './types';

export interface Action {
  key: string;
  status: Status;
  label: string;
  /** For messages: "3 alerts acknowledged". */
  done: string;
}

export const ACTIONS: Action[] = [
  { key: 'a', status: 'acknowledged', label: 'Acknowledge', done: 'acknowledged' },
  { key: 'f', status: 'confirmed_fraud', label: 'Confirm fraud', done: 'confirmed as fraud' },
  { key: 'p', status: 'false_positive', label: 'False positive', done: 'marked as false positive' },
  { key: 'c', status: 'closed', label: 'Close', done: 'closed' },
  { key: 'o', status: 'open', label: 'Reopen', done: 'opened again' },
];

/** The alerts that somebody has to look at. */
export const TO_DO = '/alerts?status=open,acknowledged';

export interface Change {
  status?: Status;
  assignee?: string | null;
}

let names: Promise<string[]> | null = null;

/** Who can be given work. Asked for once; a failure is asked again the next time. */
export function assignees(): Promise<string[]> {
  names ??= api
    .get<{ items: string[] }>('/assignees')
    .then((answer) => answer.items)
    .catch((error: unknown) => {
      names = null;
      throw error;
    });
  return names;
}

export function isConflict(error: unknown): boolean {
  return error instanceof ApiError && error.status === 409;
}
