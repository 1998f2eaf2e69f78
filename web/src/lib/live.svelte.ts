// The stream of server-sent events: kept open, taken up again after a break, and put on the page once a frame.
import { api } from './api';
import { SseParser, type SseMessage } from './sse';
import { EMPTY, reduce, type StreamEvent, type StreamState } from './stream';
import type { Statistics } from './types';

const TYPES: ReadonlySet<string> = new Set<StreamEvent['type']>(['snapshot', 'tick', 'alert', 'alert_changed', 'health', 'dropped']);
/** The server sends a comment every 15 s at least: silence of this length is a broken line. */
const SILENCE_MS = 20_000;
/** After so long a page that has fallen behind asks for the statistics. */
const CATCH_UP_MS = 2000;
const RETRY_MS = [300, 1000, 2000, 4000, 8000];

const pause = (ms: number) => new Promise((done) => window.setTimeout(done, ms));

class Live {
  state = $state.raw<StreamState>(EMPTY);
  connection = $state<'connecting' | 'live' | 'lost'>('connecting');
  lostAt = $state(0);

  private abort: AbortController | null = null;
  private queue: StreamEvent[] = [];
  private frame = 0;
  private catchingUp = 0;
  private lastId = '';
  private listeners = new Set<(event: StreamEvent) => void>();

  /** Calls back with every event, once it is on the page. Returns the way to stop. */
  listen(listener: (event: StreamEvent) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Follows the stream until stop(). `ended` is called when the server says that the session is over. */
  start(ended: () => void): void {
    if (this.abort) return;
    this.connection = 'connecting';
    this.abort = new AbortController();
    void this.run(this.abort.signal, ended);
  }

  stop(): void {
    this.abort?.abort();
    this.abort = null;
    this.queue = [];
    this.lastId = '';
    this.state = EMPTY;
  }

  private async run(stopped: AbortSignal, ended: () => void): Promise<void> {
    for (let failures = 0; !stopped.aborted; failures++) {
      const heard = await this.follow(stopped, () => {
        failures = 0;
        this.connection = 'live';
      }).catch(() => 0);
      if (stopped.aborted) return;
      if (heard === 401) return ended();
      if (this.connection !== 'lost') this.lostAt = Date.now();
      this.connection = 'lost';
      await pause(RETRY_MS[Math.min(failures, RETRY_MS.length - 1)] ?? 8000);
    }
  }

  /** One connection, to its end. Returns the HTTP status; throws where the line broke. */
  private async follow(stopped: AbortSignal, opened: () => void): Promise<number> {
    const line = new AbortController();
    const hangUp = () => line.abort();
    stopped.addEventListener('abort', hangUp);
    let silence = window.setTimeout(hangUp, SILENCE_MS);
    try {
      const headers: Record<string, string> = { Accept: 'text/event-stream' };
      if (this.lastId) headers['Last-Event-ID'] = this.lastId;
      const response = await fetch('/api/v1/events', { headers, signal: line.signal, cache: 'no-store' });
      if (!response.ok || !response.body) return response.status;
      opened();
      const parser = new SseParser();
      parser.lastId = this.lastId;
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return response.status;
        window.clearTimeout(silence);
        silence = window.setTimeout(hangUp, SILENCE_MS);
        for (const message of parser.push(value)) this.receive(message);
      }
    } finally {
      window.clearTimeout(silence);
      stopped.removeEventListener('abort', hangUp);
    }
  }

  private receive(message: SseMessage): void {
    this.lastId = message.id;
    if (!TYPES.has(message.type)) return; // A newer server may say more.
    this.queue.push({ type: message.type, data: JSON.parse(message.data) } as StreamEvent);
    // A hidden page gets no frames, and its queue must not grow meanwhile.
    if (this.queue.length > 200) this.flush();
    if (this.frame || this.queue.length === 0) return;
    if (document.hidden) this.frame = window.setTimeout(() => this.flush(), 1000);
    else this.frame = requestAnimationFrame(() => this.flush());
  }

  private async catchUp(): Promise<void> {
    const following = this.abort;
    try {
      const data = await api.get<Statistics>('/statistics');
      if (following && following === this.abort) this.state = reduce(this.state, { type: 'snapshot', data });
    } catch {
      // The next tick asks again.
    }
    this.catchingUp = 0;
  }

  private flush(): void {
    this.frame = 0;
    const events = this.queue;
    this.queue = [];
    this.state = events.reduce(reduce, this.state);
    for (const event of events) for (const listener of this.listeners) listener(event);
    if (this.state.behind && !this.catchingUp) this.catchingUp = window.setTimeout(() => void this.catchUp(), CATCH_UP_MS);
  }
}

export const live = new Live();
