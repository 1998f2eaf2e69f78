// A `bank dashboard` of its own for each test file: its data in a directory of its own, on a free port.
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const program = process.env.BANK ?? resolve(import.meta.dirname, '../../build/release/bin/bank');
const root = resolve(import.meta.dirname, '../..');
export const PASSWORD = 'a long password for tests';

function freePort() {
  return new Promise((done, failed) => {
    const server = createServer();
    server.on('error', failed);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });
}

async function until(what, seconds, check) {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const answer = await check();
    if (answer) return answer;
    if (Date.now() > end) throw new Error(`${what}: not within ${seconds} s`);
    await new Promise((done) => setTimeout(done, 50));
  }
}

export class Bank {
  /** Starts one in demo mode, `rate` transactions a second. */
  static async start(rate = 200) {
    const bank = new Bank();
    bank.directory = await mkdtemp(join(tmpdir(), 'bank-web-'));
    bank.port = await freePort();
    bank.base = `http://127.0.0.1:${bank.port}`;
    bank.rate = rate;
    await bank.run();
    return bank;
  }

  async run() {
    this.output = '';
    const flags = ['--data-dir', this.directory, 'dashboard', '--source', 'demo', '--rate', String(this.rate), '--listen', `127.0.0.1:${this.port}`];
    this.process = spawn(program, flags, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.process.stdout, this.process.stderr]) stream.on('data', (text) => (this.output += text));
    this.ended = new Promise((done) => this.process.on('exit', (code, signal) => done(code ?? signal)));
    let gone;
    this.ended.then((code) => (gone = code));
    await until('bank dashboard answers', 30, async () => {
      if (gone !== undefined) throw new Error(`bank dashboard ended with ${gone}:\n${this.output}`);
      return fetch(`${this.base}/livez`).then((r) => r.ok, () => false);
    });
  }

  /** The first start's one-time link, as the program printed it. */
  get setupPath() {
    const match = /\/setup#[\w.~-]+/.exec(this.output);
    if (!match) throw new Error(`no set-up link in:\n${this.output}`);
    return match[0];
  }

  /** The administrator, an analyst and a viewer: over the interface, as the page would. */
  async addPeople() {
    const admin = await this.post('/setup', { token: this.setupPath.split('#')[1], user: 'admin', password: PASSWORD });
    for (const [user, role] of [['anna', 'analyst'], ['victor', 'viewer']]) await this.post('/users', { user, role, password: PASSWORD }, admin);
    return admin;
  }

  async post(path, body, session) {
    const response = await fetch(`${this.base}/api/v1${path}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Origin: this.base, ...(session ? { Cookie: session.cookie, 'X-CSRF-Token': session.csrf } : {}) },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`POST ${path}: ${response.status} ${await response.text()}`);
    const cookie = response.headers.getSetCookie().map((text) => text.split(';')[0]).join('; ');
    return { ...(await response.json()), cookie };
  }

  async get(path, session) {
    const response = await fetch(`${this.base}/api/v1${path}`, { headers: { Cookie: session.cookie } });
    if (!response.ok) throw new Error(`GET ${path}: ${response.status} ${await response.text()}`);
    return response.json();
  }

  /** Waits until there are `many` alerts of the kind. */
  hasAlerts(session, query, many = 1) {
    return until(`${many} alerts (${query})`, 60, async () => {
      const { items } = await this.get(`/alerts?limit=200&${query}`, session);
      return items.length >= many ? items : null;
    });
  }

  async stop() {
    this.process.kill('SIGTERM');
    return this.ended;
  }

  async remove() {
    await this.stop();
    await rm(this.directory, { recursive: true, force: true });
  }
}
