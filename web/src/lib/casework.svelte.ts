// What one does to an alert or a case: by buttons and by keys, told when somebody else was faster.
import { api, messageOf } from './api';
import type { KeyMap } from './keys';
import type { Resource } from './resource.svelte';
import { session } from './session.svelte';
import { toasts } from './toasts.svelte';
import type { Status } from './types';
import { ACTIONS, isConflict, type Change } from './work';

export class Casework<T extends { status: Status; version: number }> {
  busy = $state(false);

  constructor(
    private readonly what: 'alert' | 'case',
    private readonly path: () => string,
    private readonly detail: Resource<T>,
    private readonly onchanged: (answer: T) => void = () => {},
  ) {}

  readonly change = async (wish: Change): Promise<void> => {
    const before = this.detail.value;
    if (!before || this.busy || !session.canWork) return;
    this.busy = true;
    try {
      this.onchanged(await api.patch<T>(this.path(), { ...wish, version: before.version }));
      await this.detail.load();
    } catch (error) {
      if (isConflict(error)) await this.detail.load();
      toasts.error(isConflict(error) ? `Somebody else changed this ${this.what} meanwhile. You see it as it is now: decide again.` : messageOf(error));
    } finally {
      this.busy = false;
    }
  };

  readonly note = async (text: string): Promise<void> => {
    try {
      await api.post(`${this.path()}/notes`, { text });
      await this.detail.load();
    } catch (error) {
      toasts.error(messageOf(error));
      throw error;
    }
  };

  keys(): KeyMap {
    if (!session.canWork) return {};
    return {
      ...Object.fromEntries(ACTIONS.map(({ key, status }) => [key, () => this.detail.value?.status !== status && void this.change({ status })])),
      m: () => void this.change({ assignee: session.user }),
      n: () => document.querySelector<HTMLTextAreaElement>('[data-note]')?.focus(),
    };
  }
}
