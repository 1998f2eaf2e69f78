import { api, ApiError, setCsrf, setUnauthorized } from './api';
import { navigate, router } from './router.svelte';
import type { Role, Session } from './types';

/** Who looks at the page. `checked` is false until the server has said whether somebody is logged in. */
class CurrentSession {
  checked = $state(false);
  error = $state('');
  current = $state<Session | null>(null);

  get user(): string {
    return this.current?.user ?? '';
  }
  get role(): Role | null {
    return this.current?.role ?? null;
  }
  get canWork(): boolean {
    return this.role === 'analyst' || this.role === 'admin';
  }
  get isAdmin(): boolean {
    return this.role === 'admin';
  }

  private begin(session: Session): void {
    setCsrf(session.csrf);
    this.current = session;
  }

  end(): void {
    this.current = null;
    setCsrf('');
  }

  async check(): Promise<void> {
    this.error = '';
    try {
      this.begin(await api.get<Session>('/session'));
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) this.end();
      else this.error = error instanceof Error ? error.message : String(error);
    }
    this.checked = this.error === '';
  }

  async login(user: string, password: string): Promise<void> {
    this.begin(await api.post<Session>('/session', { user, password }));
  }

  async setup(token: string, user: string, password: string): Promise<void> {
    this.begin(await api.post<Session>('/setup', { token, user, password }));
  }

  async logout(): Promise<void> {
    try {
      await api.delete('/session');
    } finally {
      this.end();
      navigate('/login');
    }
  }

  /** The server says that the session is over: to the login page, and back here afterwards. */
  expire(): void {
    if (!this.current) return;
    const back = router.path + location.search;
    this.end();
    navigate(`/login?next=${encodeURIComponent(back)}`);
  }
}

export const session = new CurrentSession();

setUnauthorized(() => session.expire());
