import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { createPrincipal } from '../core/principal.js';
import { openPipeline } from '../../../../test/support/stub-pipeline.js';
import { ForeignClient } from './foreign-client.js';

const ALICE = createPrincipal({ kind: 'jwt', issuer: 'test', id: 'alice', authenticatedAt: 0 });

/** A socket as far as one is used. */
class StubSocket extends EventEmitter {
  connected = true;
}

const start = () => {
  const { engine, clock } = openPipeline(() => undefined);
  const socket = new StubSocket();
  const client = new ForeignClient(socket, ALICE, '127.0.0.1', engine);
  return { engine, clock, socket, client };
};

describe('a client of another adapter', () => {
  it('DR-05 DR-16 leaves nothing behind when its socket is gone and its last messages count no more', () => {
    const { engine, clock, socket, client } = start();
    expect(client.throttle(clock.monotonic(), 10)).toBeUndefined();
    expect(engine.parts.throttles.size).toBe(1);
    socket.emit('disconnect');
    expect(client.throttle(clock.monotonic(), 10)).toMatchObject({ reason: 'connection-throttle' });
    expect(engine.parts.throttles.size).toBe(1);
    clock.advance(60_000);
    engine.parts.throttles.sweep(clock.monotonic());
    expect(engine.parts.throttles.size).toBe(0);
    expect(socket.listenerCount('disconnect')).toBe(0);
  });
});
