// What is asked of the server as a whole, and its place on the page: the answer, or why there is none (Loaded.svelte shows it).
import { isAbort, messageOf } from './api';

export class Resource<T> {
  value = $state.raw<T | null>(null);
  fault = $state('');
  private asking: AbortController | null = null;

  constructor(private readonly ask: (signal: AbortSignal) => Promise<T>) {}

  /** Asks (again). What was there stays until the answer comes; an earlier question that is still open is given up. */
  readonly load = async (): Promise<void> => {
    this.stop();
    const asking = (this.asking = new AbortController());
    try {
      this.value = await this.ask(asking.signal);
      this.fault = '';
    } catch (error) {
      if (!isAbort(error)) this.fault = messageOf(error);
    }
  };

  stop(): void {
    this.asking?.abort();
  }
}

/**
 * For a component, as it is made: asks then, and again whenever something changes that `ask` reads. With `forget`, an answer to the
 * question before is taken off the page first.
 */
export function resource<T>(ask: (signal: AbortSignal) => Promise<T>, { forget = false } = {}): Resource<T> {
  const made = new Resource(ask);
  $effect(() => {
    if (forget) made.value = null;
    void made.load();
    return () => made.stop();
  });
  return made;
}
