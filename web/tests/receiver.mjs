// Somebody who is told of alerts, or refuses to be: on a port of its own, with the file that names it to `bank dashboard`.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export class Receiver {
  /** Refuses what it is sent until `status` is set to 200; from then on it keeps what it took. */
  static async start(name) {
    const receiver = new Receiver();
    receiver.status = 410;
    receiver.taken = [];
    receiver.server = createServer((request, response) => {
      let body = '';
      request.on('data', (text) => (body += text));
      request.on('end', () => {
        if (receiver.status === 200) receiver.taken.push(body);
        response.writeHead(receiver.status).end();
      });
    });
    await new Promise((done) => receiver.server.listen(0, '127.0.0.1', done));
    receiver.folder = await mkdtemp(join(tmpdir(), 'bank-web-receivers-'));
    receiver.file = join(receiver.folder, 'receivers.yaml');
    const url = `http://127.0.0.1:${receiver.server.address().port}/alerts`;
    await writeFile(receiver.file, `version: 1\nreceivers:\n  - name: ${name}\n    kind: webhook\n    url: ${url}\n`);
    return receiver;
  }

  async close() {
    this.server.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}
