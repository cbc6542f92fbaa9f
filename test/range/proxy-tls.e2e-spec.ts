import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { expect, it, onTestFinished } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { runCommand } from '../../packages/scanner/src/command/run-command.js';
import { CertificateAuthority, SERVER_AUTH } from '../support/certificate-authority.js';

/** A server of `wss://` whose certificate comes from an authority of its own. */
async function startServer(authority: CertificateAuthority): Promise<string> {
  const shape = { names: [{ type: 'ip', value: '127.0.0.1' } as const], usages: [SERVER_AUTH] };
  const { cert, key } = await authority.issue(shape);
  const server = createServer({ cert, key }).listen(0, '127.0.0.1');
  const sockets = new WebSocketServer({ server });
  sockets.on('connection', (client) => client.on('message', (data: Buffer) => client.send(`heard ${data.toString()}`)));
  onTestFinished(() => {
    for (const client of sockets.clients) client.terminate();
    server.closeAllConnections();
    server.close();
  });
  await once(server, 'listening');
  return `wss://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

/** What a client of the proxy is told, until the proxy ends. */
async function askThrough(target: string, ...args: string[]): Promise<string> {
  const notes: string[] = [];
  let answer = '';
  const status = await runCommand(['proxy', '--target', target, '--no-page', ...args], {
    ...{ env: {}, stdin: new PassThrough(), out: () => undefined, note: (line) => void notes.push(line) },
    untilStopped: async () => {
      const client = new WebSocket(/ws:\/\/localhost:\d+/.exec(notes.join())?.[0] ?? '');
      const refused = once(client, 'error').then(([error]) => (error as Error).message);
      const heard = once(client, 'message').then(([data]) => String(data));
      client.once('open', () => client.send('hello'));
      answer = await Promise.race([refused, heard]);
      client.terminate();
    },
  });
  expect(status).toBe(0);
  return answer;
}

it('SC-01 the proxy trusts a target of wss:// by the authority that --ca names, and by no other', async () => {
  const [own, other] = [await CertificateAuthority.create(), await CertificateAuthority.create('CN=Other')];
  const target = await startServer(own);
  const folder = await mkdtemp(join(tmpdir(), 'proxy-ca-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  for (const [name, { cert }] of Object.entries({ own, other })) await writeFile(join(folder, `${name}.pem`), cert);
  expect(await askThrough(target, '--ca', join(folder, 'own.pem'))).toBe('heard hello');
  expect(await askThrough(target, '--ca', join(folder, 'other.pem'))).toContain('502');
  expect(await askThrough(target)).toContain('502');
});
