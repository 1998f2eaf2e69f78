// A Kafka broker of a test's own, by tools/kafka: in a directory of its own, on free ports.
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { freePort } from './bank.mjs';

const tool = fileURLToPath(new URL('../../tools/kafka', import.meta.url));
const run = promisify(execFile);

export class Broker {
  /** With bank's topics. */
  static async start() {
    const broker = new Broker();
    broker.directory = await mkdtemp(join(tmpdir(), 'bank-web-kafka-'));
    const port = await freePort();
    broker.address = `127.0.0.1:${port}`;
    broker.env = { ...process.env, BROKER_DIR: broker.directory, BROKER_PORT: String(port), BROKER_CONTROLLER_PORT: String(await freePort()), BROKER_HEAP: '512m' };
    await run(tool, ['up'], { env: broker.env });
    return broker;
  }

  async remove() {
    await run(tool, ['kill'], { env: this.env });
    await rm(this.directory, { recursive: true, force: true });
  }
}
