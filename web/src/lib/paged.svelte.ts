// A list that the server gives a page at a time (List.svelte shows it).
import { isAbort, messageOf } from './api';
import type { Page } from './types';

type Ask<T> = (cursor: string | null, signal: AbortSignal) => Promise<Page<T>>;

export class Paged<T> {
  items = $state.raw<T[]>([]);
  next = $state<string | null>(null);
  loading = $state(true);
  fault = $state('');
  private asking: AbortController | null = null;

  constructor(private readonly ask: Ask<T>) {}

  /** The first page (again), or the one after those that are there. */
  readonly load = async (more = false): Promise<void> => {
    this.stop();
    const asking = (this.asking = new AbortController());
    const before = more ? this.items : [];
    const cursor = more ? this.next : null;
    this.loading = true;
    try {
      const page = await this.ask(cursor, asking.signal);
      this.items = [...before, ...page.items];
      this.next = page.next_cursor;
      this.fault = '';
    } catch (error) {
      if (isAbort(error)) return;
      this.fault = messageOf(error);
    }
    this.loading = false;
  };

  stop(): void {
    this.asking?.abort();
  }
}

/** For a component, as it is made: asks then, and again from the first page whenever something changes that `ask` reads. */
export function paged<T>(ask: Ask<T>, onreset = () => {}): Paged<T> {
  const made = new Paged(ask);
  $effect(() => {
    made.items = [];
    onreset();
    void made.load();
    return () => made.stop();
  });
  return made;
}
