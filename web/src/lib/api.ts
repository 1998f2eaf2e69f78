// The HTTP API. Every failure is an ApiError whose message can be shown as it is.
import type { Page } from './types';

export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

let csrf = '';
let onUnauthorized = () => {};

export function setCsrf(token: string): void {
  csrf = token;
}

/** What to do when a session has ended on the server. */
export function setUnauthorized(handler: () => void): void {
  onUnauthorized = handler;
}

export type Query = Record<string, string | number | undefined | null>;

export function queryText(query: Query): string {
  const parts = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== '') parts.set(name, String(value));
  }
  const text = parts.toString();
  return text ? `?${text}` : '';
}

/** The interface's messages follow a "bank: " on a terminal; on the page they are sentences. */
export function sentence(text: string): string {
  const begun = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}

async function failure(response: Response): Promise<ApiError> {
  let code = 'http';
  let message = `The server answered ${response.status} ${response.statusText}.`;
  try {
    const body = await response.json();
    code = body.error?.code ?? code;
    if (body.error?.message) message = sentence(body.error.message);
  } catch {
    // No JSON, as from a proxy in between: the status says what there is to say.
  }
  return new ApiError(response.status, code, message);
}

async function call<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  const headers: Record<string, string> = { Accept: 'application/json' };
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  if (method !== 'GET') headers['X-CSRF-Token'] = csrf;
  let response: Response;
  try {
    response = await fetch(`/api/v1${path}`, {
      method,
      headers,
      credentials: 'same-origin',
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal ? { signal } : {}),
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new ApiError(0, 'unreachable', 'The server cannot be reached. Is it running, and is the network there?');
  }
  if (!response.ok) {
    if (response.status === 401 && path !== '/session') onUnauthorized();
    throw await failure(response);
  }
  if (response.status === 204) return undefined as T;
  return (await response.json()) as T;
}

export const api = {
  get: <T>(path: string, query: Query = {}, signal?: AbortSignal) => call<T>('GET', path + queryText(query), undefined, signal),
  list: <T>(path: string, query: Query = {}, signal?: AbortSignal) => call<Page<T>>('GET', path + queryText(query), undefined, signal),
  post: <T>(path: string, body: unknown) => call<T>('POST', path, body),
  patch: <T>(path: string, body: unknown) => call<T>('PATCH', path, body),
  delete: (path: string) => call<void>('DELETE', path),
};

export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError';
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
