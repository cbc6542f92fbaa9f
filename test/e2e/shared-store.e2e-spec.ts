import { describe, expect, it } from 'vitest';
import { SystemClock } from '../../packages/nestjs/src/index.js';
import { EchoGateway } from '../support/echo.gateway.js';
import { expectError } from '../support/error-frame.js';
import { FakeClock } from '../support/fake-clock.js';
import { until } from '../support/patience.js';
import { connect } from '../support/queueing-client.js';
import { RemoteStore } from '../support/remote-store.js';
import { type RunningApp, startApp } from '../support/start-app.js';

/** No ping falls due while a test moves the clock. */
const QUIET = { pingIntervalMs: 600_000 };

const open = (node: RunningApp, sub: string) => connect(`${node.url}/echo`, { token: node.token({ sub }) });

describe('two nodes with one store', () => {
  it('DP-06 DR-05 count the messages of a principal together, but for one that is on its way to the store', async () => {
    const { store: shared } = new RemoteStore(new SystemClock());
    const options = { store: { shared }, throttling: { principal: [{ limit: 4, ttl: 60_000 }] } };
    const nodes = await Promise.all([
      startApp({ providers: [EchoGateway], options }),
      startApp({ providers: [EchoGateway], options }),
    ]);
    const clients = await Promise.all(nodes.map((node) => open(node, 'shared')));
    for (const client of clients) {
      for (let i = 0; i < 2; i++) {
        const reply = await client.request('echo', { text: `message ${i}` });
        expect(reply.event).toBe('echo');
      }
    }
    for (const client of clients) {
      // The node decides alone, and hears from the store afterwards: one message at a time, so one at the most.
      client.send('echo', { text: 'one too many' });
      const first = await client.next();
      if (first.event === 'error') expectError(first, 'THROTTLED');
      client.send('echo', { text: 'two too many' });
      expectError(await client.next(), 'THROTTLED');
    }
  });

  it.each<readonly [what: string, happens: (remote: RemoteStore) => void]>([
    ['loses its data', (remote) => remote.wipe()],
    ['steps its clock a day ahead', (remote) => (remote.clock as FakeClock).advance(86_400_000)],
  ])('F24 DR-17 close nobody where the store %s, and count everybody again', async (_what, happens) => {
    const remote = new RemoteStore(new FakeClock(Date.now()));
    const clock = new FakeClock(Date.now());
    const options = {
      store: { shared: remote.store },
      handshake: { limits: { maxOpenPerPrincipal: 3 } },
      lifecycle: QUIET,
    };
    const start = () => startApp({ providers: [EchoGateway], options, clock });
    const nodes = await Promise.all([start(), start()]);
    const [one, two] = nodes;
    const clients = [await open(one, 'alice'), await open(one, 'alice'), await open(two, 'alice')];
    happens(remote);
    clock.advance(20_500);
    await until(() => remote.count('renew') === 2, 'both nodes renew their leases');
    for (const client of clients) {
      expect(await client.request('echo', { text: 'still here' })).toMatchObject({ event: 'echo' });
    }
    // All three count again: there is no place for a fourth, on either node.
    for (const node of nodes) await expect(open(node, 'alice')).rejects.toThrow('429');
    clock.advance(20_500);
    await until(() => remote.count('renew') === 4, 'both nodes renew their leases again');
    expect(nodes.flatMap(({ events }) => events.ofType('ws.connection.closed'))).toEqual([]);
  });

  it('F24 F30 close the one whose place went to the other node, and no one else', async () => {
    const remote = new RemoteStore(new FakeClock(Date.now()));
    const clock = new FakeClock(Date.now());
    const limits = { maxOpenPerPrincipal: 1, onPrincipalLimit: 'close-oldest' as const };
    const options = { store: { shared: remote.store }, handshake: { limits }, lifecycle: QUIET };
    const start = () => startApp({ providers: [EchoGateway], options, clock });
    const [one, two] = await Promise.all([start(), start()]);
    const [old, other] = [await open(one, 'alice'), await open(one, 'bob')];
    const fresh = await open(two, 'alice');
    clock.advance(20_500);
    await old.expectClose(4511);
    for (const client of [other, fresh]) {
      expect(await client.request('echo', { text: 'still here' })).toMatchObject({ event: 'echo' });
    }
  });

  it('F22 the first that stops leaves the store to the other', async () => {
    const remote = new RemoteStore(new SystemClock());
    const start = () => startApp({ providers: [EchoGateway], options: { store: { shared: remote.store } } });
    const [one, two] = await Promise.all([start(), start()]);
    await one[Symbol.asyncDispose]();
    expect(remote.isClosed).toBe(false);
    const client = await open(two, 'alice');
    expect(await client.request('echo', { text: 'on' })).toMatchObject({ event: 'echo' });
    await two[Symbol.asyncDispose]();
    expect(remote.isClosed).toBe(false);
  });
});
