import { describe, expect, it } from 'vitest';
import type { WebSocket } from 'ws';
import { containHooks, type GatewayHookObserver } from './gateway-hooks.js';
import type { GatewayRecord } from './gateway-inventory.js';

type Hook = (...args: unknown[]) => unknown;

/** Follows what happens, in words. */
class Observer implements GatewayHookObserver {
  readonly seen: string[] = [];
  readonly connecting: PromiseLike<unknown>[] = [];

  owns(): boolean {
    return true;
  }

  onBind(): void {
    this.seen.push('bind');
  }

  onConnecting(_: WebSocket, done: PromiseLike<unknown>): void {
    this.seen.push('connecting');
    this.connecting.push(done);
  }

  onConnectFailed(_: WebSocket, where: string, error: unknown): void {
    this.seen.push(`${where}: ${String(error)}`);
  }

  endOf(): readonly unknown[] {
    return [1000, 'connection', 'close'];
  }

  onHookFailed(_: WebSocket | undefined, where: string, error: unknown): void {
    this.seen.push(`${where}: ${String(error)}`);
  }
}

const CLIENT = {} as WebSocket;

function wrap(hooks: Record<string, Hook>): {
  observer: Observer;
  call: (name: string, ...args: unknown[]) => unknown;
} {
  const instance: Record<string, unknown> = Object.create(hooks) as Record<string, unknown>;
  const observer = new Observer();
  containHooks({ instance, name: 'Gateway' } as unknown as GatewayRecord, observer);
  return { observer, call: (name, ...args) => (instance[name] as Hook | undefined)?.(...args) };
}

/** A promise of another making, which settles when the test says so and returns nothing from `then`. */
function otherThenable(): { then: Hook; settle: () => void } {
  const waiting: (() => void)[] = [];
  return {
    then: (resolve) => {
      waiting.push(resolve as () => void);
    },
    settle: () => {
      for (const resolve of waiting) resolve();
    },
  };
}

const turn = (): Promise<unknown> => new Promise(setImmediate);

describe('containHooks', () => {
  it.each(['handleConnection', 'handleDisconnect', 'afterInit'])('AN-03 DR-14 contains a %s that throws', (name) => {
    const { observer, call } = wrap({
      [name]: () => {
        throw new Error('broken');
      },
    });
    expect(() => call(name, CLIENT)).not.toThrow();
    expect(observer.seen).toContain(`Gateway.${name}: Error: broken`);
  });

  it.each(['handleConnection', 'handleDisconnect', 'afterInit'])(
    'AN-03 DR-14 contains a %s that rejects',
    async (name) => {
      const { observer, call } = wrap({ [name]: () => Promise.reject(new Error('broken')) });
      call(name, CLIENT);
      await turn();
      expect(observer.seen).toContain(`Gateway.${name}: Error: broken`);
    },
  );

  it('AN-02 lets an asynchronous handleConnection be waited for', async () => {
    const { observer, call } = wrap({ handleConnection: () => Promise.resolve() });
    call('handleConnection', CLIENT);
    expect(observer.seen).toEqual(['connecting']);
    await observer.connecting[0];
  });

  it('AN-02 lets a thenable of another making be waited for, until it settles', async () => {
    const thenable = otherThenable();
    const { observer, call } = wrap({ handleConnection: () => thenable });
    call('handleConnection', CLIENT);
    expect(observer.connecting).toHaveLength(1);
    let isDone = false;
    void Promise.all(observer.connecting).then(() => {
      isDone = true;
    });
    await turn();
    expect(isDone).toBe(false);
    thenable.settle();
    await turn();
    expect(isDone).toBe(true);
  });

  it.each([undefined, null, 1, {}])('AN-02 has nothing to wait for where handleConnection answers %s', (answer) => {
    const { observer, call } = wrap({ handleConnection: () => answer });
    call('handleConnection', CLIENT);
    expect(observer.seen).toEqual([]);
  });

  it('AN-03 tells which gateway is bound, also where it has no afterInit', () => {
    const { observer, call } = wrap({});
    call('afterInit', {});
    expect(observer.seen).toEqual(['bind']);
    // Nest asks whether these exist: none may appear out of nowhere.
    expect(call('handleConnection', CLIENT)).toBeUndefined();
    expect(call('handleDisconnect', CLIENT)).toBeUndefined();
  });

  it('calls hooks on their gateway, with everything that Nest gives them', () => {
    const got: unknown[] = [];
    const hooks = {
      handleConnection(this: unknown, ...args: unknown[]) {
        got.push(this, ...args);
      },
    };
    const instance = Object.create(hooks) as Record<string, unknown>;
    containHooks({ instance, name: 'Gateway' } as unknown as GatewayRecord, new Observer());
    (instance['handleConnection'] as Hook)(CLIENT, 'request', 'connection');
    expect(got).toEqual([instance, CLIENT, 'request', 'connection']);
  });

  it.each([
    ['Nest 11', [CLIENT]],
    ['Nest 12', [CLIENT, 1000]],
  ])('F40 tells handleDisconnect whose connection ended, and how, on %s', (_, args) => {
    const got: unknown[] = [];
    const { call } = wrap({ handleDisconnect: (...given) => got.push(...given) });
    call('handleDisconnect', ...args);
    expect(got).toEqual([CLIENT, 1000, 'connection', 'close']);
  });
});
