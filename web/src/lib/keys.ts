// Keys of the whole page and of what is open on it. The latest layer sees a key first; one that it has no use for goes on.

export type KeyMap = Record<string, (event: KeyboardEvent) => void>;

const layers: KeyMap[] = [];

/** Adds a layer; returns the way to take it off again. Made for $effect(() => keys({...})). */
export function keys(map: KeyMap): () => void {
  layers.push(map);
  return () => {
    const at = layers.indexOf(map);
    if (at >= 0) layers.splice(at, 1);
  };
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)) &&
    (target as HTMLInputElement).type !== 'checkbox';
}

export function startKeys(): void {
  window.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (isTyping(event.target)) {
      if (event.key === 'Escape') (event.target as HTMLElement).blur();
      return;
    }
    // A button or link that has the focus keeps its own Enter and space.
    if ((event.key === 'Enter' || event.key === ' ') && event.target instanceof HTMLElement && event.target.closest('a, button, summary')) return;
    for (let i = layers.length - 1; i >= 0; i--) {
      const action = layers[i]?.[event.key];
      if (!action) continue;
      event.preventDefault();
      action(event);
      return;
    }
  });
}

/** The keys of a list: j and k or the arrows step through its rows, Enter opens the one that they have come to. */
export function rowKeys(step: (by: number) => void, open: () => void): KeyMap {
  return { j: () => step(1), k: () => step(-1), ArrowDown: () => step(1), ArrowUp: () => step(-1), Enter: open };
}

/** Brings a list's row into view, by its number (data-row). */
export function showRow(row: number): void {
  document.querySelector(`[data-row="${row}"]`)?.scrollIntoView({ block: 'nearest' });
}
