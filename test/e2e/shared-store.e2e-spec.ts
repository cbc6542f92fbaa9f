import { describe, expect, it } from 'vitest';
import { MemoryStore } from '../../packages/nestjs/src/store/memory.store.js';
import { SecureWsStore, SystemClock } from '../../packages/nestjs/src/index.js';
import { EchoGateway } from '../support/echo.gateway.js';
import { expectError } from '../support/error-frame.js';
import { connect } from '../support/queueing-client.js';
import { startApp } from '../support/start-app.js';

/** A store in another place: it answers like the memory store, after a turn of the event loop. */
function remote(memory: MemoryStore): SecureWsStore {
  return new Proxy(memory, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      return async (...args: unknown[]): Promise<unknown> => {
        await new Promise((resolve) => setImmediate(resolve));
        return (member as (...given: unknown[]) => unknown).apply(target, args);
      };
    },
  });
}

describe('two nodes with one store', () => {
  it('DP-06 DR-05 count the messages of a principal together', async () => {
    const shared = remote(new MemoryStore(new SystemClock(), { maxKeys: 1000 }));
    const options = { store: { shared }, throttling: { principal: [{ limit: 4, ttl: 60_000 }] } };
    const nodes = await Promise.all([
      startApp({ providers: [EchoGateway], options }),
      startApp({ providers: [EchoGateway], options }),
    ]);
    const clients = await Promise.all(
      nodes.map((node) => connect(`${node.url}/echo`, { token: node.token({ sub: 'shared' }) })),
    );
    for (const client of clients) {
      for (let i = 0; i < 2; i++) {
        const reply = await client.request('echo', { text: `message ${i}` });
        expect(reply.event).toBe('echo');
      }
    }
    for (const client of clients) {
      client.send('echo', { text: 'one too many' });
      expectError(await client.next(), 'THROTTLED');
    }
  });
});
