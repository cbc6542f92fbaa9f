import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { Duplex } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { Clock, SystemClock } from '../core/clock.js';
import { refusalResponse, refuse } from './handshake-refusal.js';
import { REFUSAL_FLUSH_MS, refuseUpgrade } from './refuse-upgrade.js';

/** Collects timers instead of running them. */
class ManualClock extends Clock {
  readonly timers: { readonly delayMs: number; readonly run: () => void; cancelled: boolean }[] = [];

  override now(): number {
    return 0;
  }

  override monotonic(): number {
    return 0;
  }

  override every(): () => void {
    throw new Error('No repeated timer is expected here.');
  }

  override after(delayMs: number, run: () => void): () => void {
    const timer = { delayMs, run, cancelled: false };
    this.timers.push(timer);
    return () => {
      timer.cancelled = true;
    };
  }
}

/** A socket whose peer takes what is written only when `flush` is called. */
function slowSocket(): { socket: Duplex; written: string[]; flush: () => void } {
  const written: string[] = [];
  let flush = (): void => undefined;
  const socket = new Duplex({
    read: () => undefined,
    write: (chunk: Buffer, _encoding, done) => {
      written.push(chunk.toString('latin1'));
      flush = done;
    },
  });
  socket.on('error', () => undefined);
  return { socket, written, flush: () => flush() };
}

describe('refuseUpgrade', () => {
  it('HS-12 writes one response, then closes', async () => {
    const clock = new ManualClock();
    const { socket, written, flush } = slowSocket();
    refuseUpgrade(socket, refuse('unknown-path'), clock);
    expect(socket.destroyed).toBe(false);
    flush();
    await once(socket, 'close');
    expect(written.join('')).toBe(refusalResponse(refuse('unknown-path')));
    expect(clock.timers.map(({ cancelled }) => cancelled)).toEqual([true]);
  });

  it('HS-12 destroys the socket of a peer that does not read', async () => {
    const clock = new ManualClock();
    const { socket } = slowSocket();
    refuseUpgrade(socket, refuse('unauthenticated'), clock);
    expect(clock.timers.map(({ delayMs }) => delayMs)).toEqual([REFUSAL_FLUSH_MS]);
    clock.timers[0]?.run();
    await once(socket, 'close');
    expect(socket.destroyed).toBe(true);
  });

  it('leaves a socket alone that is gone already', () => {
    const clock = new ManualClock();
    const { socket, written } = slowSocket();
    socket.destroy();
    refuseUpgrade(socket, refuse('internal'), clock);
    expect(written).toEqual([]);
    expect(clock.timers).toEqual([]);
  });

  it('HS-24 answers 500 where a header field would split the response', async () => {
    const { socket, written, flush } = slowSocket();
    const headers = { Location: 'https://a.example\r\nSet-Cookie: sid=1' };
    refuseUpgrade(socket, refuse('plaintext-redirect', { headers }), new ManualClock());
    flush();
    await once(socket, 'close');
    expect(written.join('')).toBe(refusalResponse(refuse('internal')));
  });

  it('HS-12 never serves what was pipelined behind the request', async () => {
    let served = 0;
    const server = createServer((_request, response) => {
      served += 1;
      response.end('internal');
    });
    server.on('upgrade', (_request, socket) => {
      socket.on('error', () => undefined);
      refuseUpgrade(socket, refuse('unsupported-version'), new SystemClock());
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    try {
      const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
      let answer = '';
      client.setEncoding('latin1').on('data', (chunk: string) => {
        answer += chunk;
      });
      // One write: bytes that arrive after the close would be answered with a reset, and the test with a race.
      client.write(
        'GET /chat HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n' +
          'GET /internal HTTP/1.1\r\nHost: a\r\n\r\n',
      );
      await once(client, 'close');
      expect(answer).toBe(refusalResponse(refuse('unsupported-version')));
      expect(served).toBe(0);
    } finally {
      server.close();
      await once(server, 'close');
    }
  });
});
