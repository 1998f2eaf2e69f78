// Routes over the browser's history. Links are plain <a href>; a click on one of this page's own is taken over here.

interface Location {
  path: string;
  search: string;
}

const here = (): Location => ({ path: window.location.pathname, search: window.location.search });

let current = $state.raw<Location>(here());

export const router = {
  get path(): string {
    return current.path;
  },
  get query(): URLSearchParams {
    return new URLSearchParams(current.search);
  },
};

export function navigate(to: string, options: { replace?: boolean; keepScroll?: boolean } = {}): void {
  const changesPath = new URL(to, window.location.href).pathname !== current.path;
  if (options.replace) history.replaceState(history.state, '', to);
  else history.pushState(null, '', to);
  current = here();
  if (changesPath && !options.keepScroll) window.scrollTo(0, 0);
}

/** Replaces the query, so that filters are in the address and a link to them can be sent. With `step`, the browser's Back leads back. */
export function setQuery(values: Record<string, string>, { step = false } = {}): void {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) if (value) query.set(name, value);
  const text = query.toString();
  navigate(current.path + (text ? `?${text}` : ''), { replace: !step, keepScroll: true });
  if (step) history.replaceState({ step: true }, '');
}

/** Whether Back only undoes a setQuery() of this page. */
export function isStep(): boolean {
  return history.state?.step === true;
}

/** "/cases/7" against "/cases/:id" → { id: "7" }; null where it does not fit. */
export function match(pattern: string, path: string): Record<string, string> | null {
  const want = pattern.split('/');
  const have = path.replace(/\/$/, '').split('/');
  if (path === '/') have.splice(0, have.length, '', '');
  if (want.length !== have.length) return null;
  const values: Record<string, string> = {};
  for (const [i, part] of want.entries()) {
    const value = have[i] ?? '';
    if (part.startsWith(':')) {
      try {
        values[part.slice(1)] = decodeURIComponent(value);
      } catch {
        return null;
      }
    } else if (part !== value) return null;
  }
  return values;
}

function onClick(event: MouseEvent): void {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = (event.target as Element | null)?.closest('a');
  if (!link || link.target || link.hasAttribute('download') || link.origin !== window.location.origin) return;
  if (link.pathname.startsWith('/api/')) return;
  event.preventDefault();
  navigate(link.pathname + link.search + link.hash);
}

export function startRouter(): void {
  window.addEventListener('popstate', () => (current = here()));
  document.addEventListener('click', onClick);
}
