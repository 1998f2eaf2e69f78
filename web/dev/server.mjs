// A stand-in for `bank dashboard` while the page is developed: generated data, the same API. node dev/server.mjs [PORT] [RATE]
import { createReadStream, existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';

const port = Number(process.argv[2] ?? 8080), RATE = Number(process.argv[3] ?? 50);
const dist = new URL('../dist', import.meta.url).pathname;
const R = Math.random, pick = (a) => a[Math.floor(R() * a.length)];
const RULES = [
  ['HIGH_AMOUNT', 'HIGH', 40, 'amount > 5000', 'Fires when the amount is over 5000.', []],
  ['VELOCITY', 'MEDIUM', 30, 'count(5m) >= 5', 'Fires when the account has 5 or more transactions in the last 5 minutes, this one included.', [300]],
  ['LOCATION_HOPPING', 'HIGH', 50, 'distinct(location, 10m) >= 3', 'Fires when the account has 3 or more different locations in the last 10 minutes, this one included.', [600]],
  ['FAILED_ATTEMPTS', 'MEDIUM', 30, 'count(10m, status == "FAILED") >= 3', 'Fires when the account has 3 or more transactions whose status is "FAILED" in the last 10 minutes, this one included.', [600]],
  ['STRUCTURING', 'HIGH', 50, 'amount >= 4000 and amount <= 5000 and count(24h, amount >= 4000 and amount <= 5000) >= 3', 'Fires when the amount is at least 4000 and is at most 5000, and the account has 3 or more such transactions in the last 24 hours.', [86400]],
  ['REPEAT_CHARGE', 'LOW', 20, 'merchant != null and count(2m, merchant == this.merchant and amount == this.amount) >= 2', 'Fires when the merchant is known and the account has 2 or more transactions of the same merchant and amount in the last 2 minutes.', [120]],
  ['PROBE_THEN_DRAIN', 'CRITICAL', 80, 'amount > 1000 and prior.count(30m, amount < 10) >= 3', 'Fires when the amount is over 1000 and the account has 3 or more transactions under 10 in the last 30 minutes, this one left out.', [1800]],
  ['AMOUNT_SPIKE', 'HIGH', 50, 'amount > 1000 and prior.count(24h) >= 5 and amount > 10 * prior.avg(amount, 24h)', 'Fires when the amount is over 1000 and out of all proportion to the last day.', [86400]],
].map(([id, severity, score, when, words, windows_s]) => ({ id, severity, score, when, words, windows_s, reason: `{${id}}` }));
const REASON = { HIGH_AMOUNT: (t) => `Amount $${t.amount} exceeds $5000`, VELOCITY: () => '6 transactions in 5 minutes', LOCATION_HOPPING: () => '3 different locations within 10 minutes', FAILED_ATTEMPTS: () => '4 failed transactions in 10 minutes', STRUCTURING: (t) => `3 amounts from $4000 to $5000 within 24 hours, $${t.amount} the latest`, REPEAT_CHARGE: (t) => `$${t.amount} charged 2 times by ${t.merchant} within 2 minutes`, PROBE_THEN_DRAIN: (t) => `$${t.amount} after 4 amounts under $10 within 30 minutes`, AMOUNT_SPIKE: (t) => `$${t.amount} against an average of $84.11 over the 12 transactions of the 24 hours before` };
const iso = (ms) => new Date(ms).toISOString().replace('Z', '123Z');
let n = 0, alerts = [], accounts = new Map(), cases = new Map(), audit = [], aid = 0;
const started = Date.now() - 3 * 86400e3 - 5000e3;
const totals = { transactions: 0, alerts: 0, by_decision: { APPROVE: 0, REVIEW: 0, BLOCK: 0 }, by_severity: { LOW: 0, MEDIUM: 0, HIGH: 0, CRITICAL: 0 } };
const byRule = new Map();
function transaction(ms, fraud = R() < 0.02) {
  const no = `ACC-${String(Math.floor(R() * 300)).padStart(10, '0')}`;
  const fired = fraud ? [pick(RULES)] : [];
  if (fraud && R() < 0.3) { const r = pick(RULES); if (r !== fired[0]) fired.push(r); }
  const risk = Math.min(100, fired.reduce((s, r) => s + r.score, 0));
  const big = fired.some((r) => ['HIGH_AMOUNT', 'PROBE_THEN_DRAIN', 'AMOUNT_SPIKE'].includes(r.id));
  const t = { transaction_id: `TXN-20261125-${String(++n).padStart(8, '0')}`, account_number: no, account_ref: `r${no.slice(-4)}x9`, transaction_type: pick(['PAYMENT', 'PAYMENT', 'TRANSFER', 'DEPOSIT', 'WITHDRAWAL']), amount: (big ? 5000 + R() * 12000 : 2 + R() * R() * 900).toFixed(2), timestamp: iso(ms), time: iso(ms), location: pick(['ATM-Downtown-01', 'Online-Portal', 'POS-Gas-Station', 'Branch-Main', null]), merchant: pick(['Amazon', 'Walmart', 'eBay', 'Shell', 'Starbucks', null]), status: R() < 0.04 ? 'FAILED' : 'COMPLETED', risk, decision: risk >= 80 ? 'BLOCK' : risk >= 50 ? 'REVIEW' : 'APPROVE', rules: fired.map((r) => r.id) };
  totals.transactions++; totals.by_decision[t.decision]++;
  const a = accounts.get(t.account_ref) ?? { account_number: no, account_ref: t.account_ref, transactions: [] };
  accounts.set(t.account_ref, a); a.transactions.unshift(t);
  const made = fired.map((r) => {
    const id = `C-${t.account_ref}`;
    const c = cases.get(id) ?? { case_id: id, account_number: no, account_ref: t.account_ref, status: 'open', assignee: null, severity: 'LOW', alerts: 0, score: 0, rules: [], first_at: t.time, last_at: t.time, updated_at: t.time, version: 1, notes: [] };
    cases.set(id, c);
    const al = { alert_id: `${t.transaction_id}:${r.id}`, alert_type: r.id, severity: r.severity, score: r.score, reason: REASON[r.id](t), transaction_id: t.transaction_id, account_number: no, account_ref: t.account_ref, amount: t.amount, timestamp: t.timestamp, time: t.time, rules_version: '97adbc3f6f48', detected_at: iso(ms + 3), source: `demo:${n}`, decision: t.decision, risk, status: 'open', assignee: null, case_id: id, updated_at: t.time, version: 1, notes: [] };
    const o = ['LOW', 'MEDIUM', 'HIGH', 'CRITICAL'];
    c.alerts++; c.score += r.score; c.last_at = t.time; if (o.indexOf(r.severity) > o.indexOf(c.severity)) c.severity = r.severity; if (!c.rules.includes(r.id)) c.rules.push(r.id);
    totals.alerts++; totals.by_severity[r.severity]++; byRule.set(r.id, (byRule.get(r.id) ?? 0) + 1); alerts.unshift(al);
    return al;
  });
  return { t, made };
}
for (let i = 0; i < 9000; i++) transaction(Date.now() - (9000 - i) * 9000);
for (const a of alerts) if (R() < 0.4) { a.status = pick(['acknowledged', 'confirmed_fraud', 'confirmed_fraud', 'false_positive', 'closed']); a.assignee = pick(['anna', 'admin', null]); }
const rules = () => RULES.map((r) => { const m = alerts.filter((a) => a.alert_type === r.id), c = m.filter((a) => a.status === 'confirmed_fraud').length, f = m.filter((a) => a.status === 'false_positive').length; return { ...r, hits: m.length, last_hit: m[0]?.detected_at ?? null, dispositions: { confirmed_fraud: c, false_positive: f, open: m.length - c - f }, precision: c + f ? c / (c + f) : null }; });
const countsOf = (m) => [...m].map(([rule, count]) => ({ rule, severity: RULES.find((r) => r.id === rule).severity, count }));
let series = Array.from({ length: 900 }, (_, i) => ({ time: new Date(Math.floor(Date.now() / 1000) * 1000 - (900 - i) * 1000).toISOString(), transactions: Math.round(RATE * (0.85 + R() * 0.3 + 0.2 * Math.sin(i / 60))), alerts: R() < 0.6 ? Math.round(R() * RATE * 0.04) : 0 }));
const rates = () => ({ transactions_per_s: RATE * (0.95 + R() * 0.1), alerts_per_s: RATE * 0.025, alert_share: 0.0253 });
const statistics = () => ({ mode: 'demo', version: 'bank 0.3.0', started_at: iso(started), uptime_s: (Date.now() - started) / 1000, totals: { ...totals, by_rule: countsOf(byRule) }, rates: rates(), lag_records: 0, series_step_s: 1, series });
const clients = new Set(); let eid = 0;
const send = (type, data, id) => { for (const c of clients) c.write(`${id ? `id: ${++eid}\n` : ''}event: ${type}\ndata: ${JSON.stringify(data)}\n\n`); };
setInterval(() => {
  const sample = [], delta = new Map(); let al = 0; const many = Math.max(1, Math.round(RATE / 4));
  for (let i = 0; i < many; i++) { const { t, made } = transaction(Date.now() - R() * 250); sample.push(t); for (const a of made) { al++; delta.set(a.alert_type, (delta.get(a.alert_type) ?? 0) + 1); send('alert', a, true); } }
  if (alerts.length > 5000) alerts.length = 5000;
  sample.sort((a, b) => b.rules.length - a.rules.length);
  const bucket = new Date(Math.floor(Date.now() / 1000) * 1000).toISOString(), last = series.at(-1);
  if (last.time === bucket) { last.transactions += many; last.alerts += al; } else series = [...series.slice(-899), { time: bucket, transactions: many, alerts: al }];
  send('tick', { at: iso(Date.now()), transactions: many, alerts: al, by_rule: countsOf(delta), rates: rates(), totals, lag_records: 0, sample: sample.slice(0, 20), dropped: 0 });
}, 250);
const users = [['admin', 'admin', 0], ['anna', 'analyst', 0], ['victor', 'viewer', 0], ['old', 'viewer', 1]].map(([user, role, d]) => ({ user, role, disabled: !!d, created_at: iso(started), last_login_at: d ? null : iso(Date.now() - R() * 9e6) }));
let tokens = [{ id: 't1', name: 'core banking', user: 'admin', scopes: ['decide', 'read'], created_at: iso(started), expires_at: iso(Date.now() + 80 * 86400e3), last_used_at: iso(Date.now() - 4000) }];
let who = null;
const note = (action, subject, from, to) => audit.unshift({ id: ++aid, at: iso(Date.now()), user: who?.user ?? '-', action, subject, from, to, remote: '127.0.0.1' });
const mask = (v) => (who?.role === 'viewer' ? JSON.parse(JSON.stringify(v).replace(/"account_number":"[^"]*(....)"/g, '"account_number":"****$1"')) : v);
const page = (items, q) => { const at = Number(q.get('cursor') ?? 0), l = Number(q.get('limit') ?? 50); return { items: items.slice(at, at + l), next_cursor: at + l < items.length ? String(at + l) : null }; };
const among = (q, k, v) => !q.get(k) || q.get(k).split(',').includes(v ?? '-');
function change(kind, o, b) { for (const k of ['status', 'assignee']) if (k in b && b[k] !== o[k]) { note(`${kind}.${k}`, o.alert_id ?? o.case_id, o[k], b[k]); o[k] = b[k]; o.version++; o.updated_at = iso(Date.now()); } if (kind === 'alert') send('alert_changed', { alert_id: o.alert_id, status: o.status, assignee: o.assignee, case_id: o.case_id, version: o.version, updated_at: o.updated_at }, true); }
const HEALTH = [['cpu', 'OK', 23.4, 'percent', 80, 95, '23.4 % of 2 cores'], ['memory', 'OK', 41.2, 'percent', 80, 95, '41.2 %: 9.7 GiB of 23.5 GiB'], ['disk', 'WARNING', 87.8, 'percent', 85, 95, '87.8 %: 11.2 GiB free where data is'], ['load', 'OK', 0.51, 'per_core', 1.5, 4, '0.51 a core: 1.01 over one minute, 2 cores'], ['open_files', 'OK', 0.03, 'percent', 70, 90, '6 of 20000 by this process'], ['kafka', 'UNKNOWN', undefined, undefined, undefined, undefined, 'not looked at in demo mode'], ['store', 'OK', 12.5, 'MiB', undefined, undefined, 'SQLite, 12.5 MiB, last write 0.2 s ago'], ['source', 'OK', 0, 'records', 10000, 100000, 'nothing waits'], ['events', 'OK', 1, 'clients', undefined, undefined, '1 browser follows the stream']];
function answer(m, p, q, b) {
  const [, , , a, id, sub] = p.split('/').map(decodeURIComponent);
  if (a === 'setup') return m === 'GET' ? { needed: false } : (who = { user: b.user, role: 'admin', csrf: 'c', masked: false });
  if (a === 'session') { if (m === 'POST') { const u = users.find((u) => u.user === b.user); if (!u || b.password === 'wrong') return [401, 'unauthorized', 'User or password is wrong.']; who = { user: u.user, role: u.role, csrf: 'c', masked: u.role === 'viewer' }; note('session.login', u.user, null, null); return who; } if (m === 'DELETE') { who = null; return null; } return who ?? [401, 'unauthorized', 'Log in first.']; }
  if (!who) return [401, 'unauthorized', 'Log in first.'];
  if (a === 'statistics') return statistics();
  if (a === 'assignees') return { items: ['admin', 'anna'] };
  if (a === 'rules') return { rules_version: '97adbc3f6f48', file: 'config/rules/default.yaml', rules: rules() };
  if (a === 'health') return { schema_version: 1, at: iso(Date.now()), status: 'WARNING', checks: HEALTH.map(([name, status, value, unit, warning, critical, text]) => ({ name, status, value, unit, warning, critical, text })), store: { kind: 'sqlite', ready: true, text: 'data/dashboard.db, 12.5 MiB' }, source: { kind: 'demo', ready: true, lag_records: 0, text: `${RATE} transactions a second` }, events: { clients: clients.size, dropped: 0 } };
  if (a === 'alerts' && id === 'bulk') { let changed = 0; for (const o of alerts) if (b.ids.includes(o.alert_id)) { change('alert', o, b); changed++; } return { changed, skipped: b.ids.length - changed }; }
  if (a === 'alerts' && id) { const o = alerts.find((x) => x.alert_id === id); if (!o) return [404, 'not_found', 'There is no such alert.']; if (sub === 'notes') { const x = { id: ++aid, at: iso(Date.now()), user: who.user, text: b.text }; o.notes.push(x); note('alert.note', id, null, null); return x; } if (m === 'PATCH') { if (b.version !== o.version) return [409, 'conflict', 'The alert was changed meanwhile.']; change('alert', o, b); return o; } return { ...o, transaction: accounts.get(o.account_ref).transactions.find((t) => t.transaction_id === o.transaction_id), siblings: alerts.filter((x) => x.transaction_id === o.transaction_id && x !== o), audit: audit.filter((e) => e.subject === id) }; }
  if (a === 'alerts') return page(alerts.filter((o) => among(q, 'rule', o.alert_type) && among(q, 'severity', o.severity) && among(q, 'status', o.status) && among(q, 'decision', o.decision) && among(q, 'assignee', o.assignee) && among(q, 'case', o.case_id) && (!q.get('account') || [o.account_ref, o.account_number].includes(q.get('account'))) && (!q.get('from') || o.time >= q.get('from')) && (!q.get('q') || `${o.reason} ${o.alert_id} ${o.alert_type}`.toLowerCase().includes(q.get('q').toLowerCase()))), q);
  if (a === 'cases' && id) { const c = cases.get(id); if (!c) return [404, 'not_found', 'There is no such case.']; if (sub === 'notes') { const x = { id: ++aid, at: iso(Date.now()), user: who.user, text: b.text }; c.notes.push(x); return x; } if (m === 'PATCH') change('case', c, b); return { ...c, alert_items: alerts.filter((x) => x.case_id === id), audit: audit.filter((e) => e.subject === id) }; }
  if (a === 'cases') return page([...cases.values()].filter((c) => among(q, 'status', c.status) && among(q, 'severity', c.severity) && among(q, 'assignee', c.assignee)).sort((x, y) => (x.last_at < y.last_at ? 1 : -1)), q);
  if (a === 'accounts') { const c = accounts.get(id); if (!c) return [404, 'not_found', 'There is no such account.']; const own = alerts.filter((x) => x.account_ref === id), o = own.find((x) => x.alert_id === q.get('around')); let e = null; if (o) { const r = RULES.find((r) => r.id === o.alert_type), to = Date.parse(o.time.replace('123Z', 'Z')); e = { alert_id: o.alert_id, rule: r.id, words: r.words, when: r.when, reason: o.reason, transaction_id: o.transaction_id, same_rules: true, complete: true, windows: r.windows_s.map((s) => ({ aggregate: (/(prior\.)?\w+\([^()]*\d+[smh][^()]*\)/.exec(r.when) ?? [r.when])[0], words: 'the number of transactions', duration_s: s, from: iso(to - s * 1000), to: o.time, prior: r.when.includes('prior'), transaction_ids: c.transactions.filter((t) => t.time <= o.time && Date.parse(t.time.replace('123Z', 'Z')) >= to - s * 1000).map((t) => t.transaction_id).reverse() })) }; } note('account.read', id, null, null); return { ...c, transactions: c.transactions.slice(0, 200), alerts: own, explanation: e, totals: { transactions: c.transactions.length, alerts: own.length, amount: c.transactions.reduce((s, t) => s + Number(t.amount), 0).toFixed(2), first_at: c.transactions.at(-1).time, last_at: c.transactions[0].time } }; }
  if (a === 'users') { if (m === 'POST') users.push({ user: b.user, role: b.role, disabled: false, created_at: iso(Date.now()), last_login_at: null }); else if (m === 'PATCH') Object.assign(users.find((u) => u.user === id), b, { password: undefined }); return m === 'GET' ? { items: users } : users.find((u) => u.user === (id ?? b.user)); }
  if (a === 'tokens') { if (m === 'DELETE') { tokens = tokens.filter((t) => t.id !== id); return null; } if (m === 'POST') { const t = { id: `t${++aid}`, name: b.name, user: who.user, scopes: b.scopes, created_at: iso(Date.now()), expires_at: null, last_used_at: null }; tokens.push(t); return { ...t, token: 'bank_4f1c09b7d2aa6e3358c0e19f7b2d' }; } return { items: tokens }; }
  if (a === 'audit') return page(audit.filter((e) => among(q, 'user', e.user) && (!q.get('action') || e.action.startsWith(q.get('action')))), q);
  return [404, 'not_found', 'There is no such thing.'];
}
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.woff2': 'font/woff2' };
createServer((req, res) => {
  const url = new URL(req.url, 'http://x');
  if (!url.pathname.startsWith('/api/')) { let f = join(dist, url.pathname); if (url.pathname === '/' || !existsSync(f)) f = join(dist, 'index.html'); res.writeHead(200, { 'Content-Type': TYPES[extname(f)] ?? 'application/octet-stream', 'Content-Security-Policy': "default-src 'self'; script-src 'self'; style-src 'self'" }); createReadStream(f).pipe(res); return; }
  if (url.pathname === '/api/v1/events') { if (!who) { res.writeHead(401).end(); return; } res.writeHead(200, { 'Content-Type': 'text/event-stream' }); clients.add(res); res.write(`event: snapshot\ndata: ${JSON.stringify(statistics())}\n\n`); req.on('close', () => clients.delete(res)); return; }
  let body = ''; req.on('data', (d) => (body += d)).on('end', () => { const r = answer(req.method, url.pathname, url.searchParams, body ? JSON.parse(body) : {}); if (Array.isArray(r)) { res.writeHead(r[0], { 'Content-Type': 'application/json' }).end(JSON.stringify({ error: { code: r[1], message: r[2] } })); return; } if (r === null) { res.writeHead(204).end(); return; } res.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(mask(r))); });
}).listen(port, '127.0.0.1', () => console.error(`http://127.0.0.1:${port}`));
