// A `bank dashboard` of its own for each test file: its data in a directory of its own, on a free port.
import { spawn } from 'node:child_process';
import { openSync, closeSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const program = process.env.BANK ?? fileURLToPath(new URL('../../build/release/bin/bank', import.meta.url));
const root = fileURLToPath(new URL('../..', import.meta.url));
export const PASSWORD = 'a long password for tests';

export function freePort() {
  return new Promise((done, failed) => {
    const server = createServer();
    server.on('error', failed);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });
}

export async function until(what, seconds, check) {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const answer = await check();
    if (answer) return answer;
    if (Date.now() > end) throw new Error(`${what}: not within ${seconds} s`);
    await new Promise((done) => setTimeout(done, 50));
  }
}

// No setting of bank's may come in from outside.
const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('BANK_')));

/** Another command of bank, to its end: what it wrote. `input` and `output` are a stream and a file instead of nothing and the answer. */
export function bank(args, { input, output, env = {} } = {}) {
  const file = output ? openSync(output, 'a') : 'pipe';
  const child = spawn(program, args, { cwd: root, env: { ...environment, ...env }, stdio: [input ? 'pipe' : 'ignore', file, 'pipe'] });
  if (output) closeSync(file);
  if (input) input.pipe(child.stdin);
  let [said, answer] = ['', ''];
  child.stderr.on('data', (text) => (said += text));
  child.stdout?.on('data', (text) => (answer += text));
  const ended = new Promise((done, failed) => {
    child.on('error', failed);
    child.on('close', (code) => (code === 0 ? done(answer) : failed(new Error(`bank ${args.join(' ')} ended with ${code}:\n${said}`))));
  });
  ended.catch(() => {}); // It is awaited later; until then it is nobody's.
  return { child, ended };
}

let batches = 0;

export class Bank {
  /** Starts one: in demo mode with `rate` transactions a second, unless the flags name another source. */
  static async start({ rate = 200, flags = ['--source', 'demo', '--rate', String(rate)], env = {} } = {}) {
    const bank = new Bank();
    bank.directory = await mkdtemp(join(tmpdir(), 'bank-web-'));
    bank.port = await freePort();
    bank.base = `http://127.0.0.1:${bank.port}`;
    bank.flags = flags;
    bank.env = env;
    await bank.run();
    return bank;
  }

  async run() {
    this.output = '';
    const flags = ['--data-dir', this.directory, 'dashboard', '--listen', `127.0.0.1:${this.port}`, ...this.flags];
    this.process = spawn(program, flags, { cwd: root, env: { ...environment, ...this.env }, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.process.stdout, this.process.stderr]) stream.on('data', (text) => (this.output += text));
    this.ended = new Promise((done) => this.process.on('exit', (code, signal) => done(code ?? signal)));
    let gone;
    this.ended.then((code) => (gone = code));
    // It answers a little before it follows its source, and says so then.
    await until('bank dashboard answers', 30, async () => {
      if (gone !== undefined) throw new Error(`bank dashboard ended with ${gone}:\n${this.output}`);
      return this.output.includes('Ctrl-C') && fetch(`${this.base}/livez`).then((r) => r.ok, () => false);
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
    const [cookie] = (response.headers.get('set-cookie') ?? '').split(';');
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

  /** Has payments of a new account judged, ten seconds between them: its number. */
  async judged(session, amounts) {
    const account = `ACC-9${String(++batches).padStart(9, '0')}`;
    const transactions = amounts.map((amount, i) => ({
      transaction_id: `TXN-PROBE-${process.pid}-${batches}-${i}`,
      account_number: account,
      transaction_type: 'PAYMENT',
      amount,
      timestamp: new Date(Date.now() - (amounts.length - i) * 10_000).toISOString(),
      location: 'Online-Portal',
      merchant: 'Best Buy',
      status: 'COMPLETED',
    }));
    await this.post('/decisions', { transactions }, session);
    return account;
  }

  /** An alert of VELOCITY, the only one of its account: of the fifth payment within a minute. */
  async velocity(session) {
    const account = await this.judged(session, [20, 21, 22, 23, 24]);
    return (await this.hasAlerts(session, `account=${account}`))[0];
  }

  /** So many alerts of HIGH_AMOUNT, each of an account of its own. */
  async highAmounts(session, many) {
    for (let i = 0; i < many; i++) await this.judged(session, [9000 + i]);
    await this.hasAlerts(session, 'rule=HIGH_AMOUNT&q=TXN-PROBE', many);
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
