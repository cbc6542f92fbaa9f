import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { describe, expect, it, vi } from 'vitest';
import { SystemClock } from './clock.js';

describe('SystemClock', () => {
  it.each(['every', 'after'] as const)('DR-12 does not keep the process alive: %s', (method) => {
    const [set, clear] =
      method === 'every' ? (['setInterval', 'clearInterval'] as const) : (['setTimeout', 'clearTimeout'] as const);
    const spy = vi.spyOn(globalThis, set);
    const cancelled = vi.spyOn(globalThis, clear);
    const cancel = new SystemClock()[method](60_000, () => undefined);
    const timer = spy.mock.results[0]?.value as NodeJS.Timeout;
    expect(timer.hasRef()).toBe(false);
    cancel();
    expect(cancelled).toHaveBeenCalledWith(timer);
    vi.restoreAllMocks();
  });

  it('SL-08 DR-12 looks at deadlines when what waits in the sockets has been read, and not after its end', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const [client, [peer]] = [
      connect((server.address() as AddressInfo).port),
      (await once(server, 'connection')) as [Socket],
    ];
    const order: string[] = [];
    client.once('data', () => order.push('data'));
    const clock = new SystemClock();
    await new Promise<void>((resolve) => {
      const cancel = clock.every(1, () => {
        order.push('deadline');
        cancel();
        resolve();
      });
      setImmediate(() => {
        // In the kernel by the end of the call; nobody can read it before the timer is due.
        peer.write('pong');
        for (const due = performance.now() + 20; performance.now() < due;);
      });
    });
    expect(order).toEqual(['data', 'deadline']);
    // Also where every turn of the event loop takes as long.
    await new Promise<void>((resolve) => {
      const slow = (): void => {
        for (const due = performance.now() + 110; performance.now() < due;);
        if (order.length === 2) setImmediate(slow);
      };
      setImmediate(slow);
      const cancel = clock.every(1, () => {
        cancel();
        order.push('slow');
        resolve();
      });
    });
    clock.every(1, () => order.push('again'))();
    peer.destroy();
    await once(client, 'close');
    server.close();
    expect(order).toHaveLength(3);
  });
});
