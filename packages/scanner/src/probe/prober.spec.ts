import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { DEFAULT_LIMITS, ScanBudget } from '../scope/scan-budget.js';
import { readTarget } from '../scope/scan-target.js';
import { Prober } from './prober.js';
import { Transcript } from './transcript.js';

const NOBODY = {
  credentials: { given: {}, other: {}, expired: {}, expiring: {} },
  origin: undefined,
  subprotocols: [],
};

/** A server of TCP, and what was asked of it. */
async function proberOf(answer: (write: (text: string) => void) => () => void) {
  const asked: string[] = [];
  const server = createServer((socket) => {
    socket
      .on('error', () => undefined)
      .once('data', (bytes: Buffer) => {
        asked.push(bytes.toString());
        socket.on(
          'close',
          answer((text) => void socket.write(text)),
        );
      });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => void server.close());
  const target = readTarget(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/`, { isAllowed: false });
  const transcript = new Transcript((text) => text);
  const budget = new ScanBudget(DEFAULT_LIMITS);
  return { prober: new Prober(target, NOBODY, budget, transcript, { answerMs: 200, settleMs: 50 }), asked };
}

describe('Prober', () => {
  it('SC-02 waits no longer than it says for a handshake that drips', async () => {
    const { prober } = await proberOf((write) => {
      write('HTTP/1.1 101 Switching Protocols\r\n');
      const drip = setInterval(() => write('X-Drip: 1\r\n'), 20);
      return () => clearInterval(drip);
    });
    await expect(prober.silentSession()).rejects.toThrow('Opening handshake has timed out');
  });

  it.each(['X: '.padEnd(100_000, ' '), 'Set-Cookie: a\r\n'.repeat(6000)])(
    'SC-02 reads no head without an end',
    async (head) => {
      const { prober } = await proberOf((write) => {
        write(`HTTP/1.1 404 Not Found\r\n${head}\r\n\r\n`);
        return () => undefined;
      });
      await expect(prober.admits()).rejects.toThrow('more than 65536 bytes');
    },
  );

  it('SC-01 follows no redirect with a session either', async () => {
    const other = await proberOf(() => () => undefined);
    const { prober } = await proberOf((write) => {
      write(`HTTP/1.1 302 Found\r\nLocation: ${other.prober.target.url.href}\r\nContent-Length: 0\r\n\r\n`);
      return () => undefined;
    });
    await expect(prober.session()).rejects.toThrow('302');
    expect(other.asked).toEqual([]);
  });

  it.each([
    ['//127.0.0.2/x?token=secret', '//127.0.0.2/x?token=secret'],
    ['/\\127.0.0.2/x', '//127.0.0.2/x'],
    ['ws://127.0.0.2/x', '/ws://127.0.0.2/x'],
  ])('SC-01 stays on the host that was named, whatever the path: %s', async (path, sent) => {
    const { prober, asked } = await proberOf((write) => {
      write('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n');
      return () => undefined;
    });
    await expect(prober.session({ path })).rejects.toThrow('404');
    expect(asked[0]).toContain(`GET ${sent} HTTP/1.1`);
  });
});
