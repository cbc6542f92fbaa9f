import type { WebSocket } from 'ws';
import { isPromiseLike } from '../core/awaitable.js';
import type { GatewayRecord } from './gateway-inventory.js';
import { setOwn } from './shared-patch.js';

export interface GatewayHookObserver {
  /** Whether a client is connected to this application. */
  owns(client: unknown): boolean;
  /** Nest is about to bind this gateway: the next `bindClientConnect` belongs to it. */
  onBind(gateway: GatewayRecord): void;
  /** A `handleConnection` has begun and will end with this promise. */
  onConnecting(client: WebSocket, done: PromiseLike<unknown>): void;
  /** A `handleConnection` has thrown, or will not be waited for any more. */
  onConnectFailed(client: WebSocket, where: string, error: unknown): void;
  /** What `handleDisconnect` is given besides the client: the code, the connection, and how it ended. */
  endOf(client: WebSocket): readonly unknown[];
  /** `afterInit` or `handleDisconnect` failed. */
  onHookFailed(client: WebSocket | undefined, where: string, error: unknown): void;
}

type Hook = (...args: unknown[]) => unknown;

/**
 * Wraps `afterInit`, `handleConnection` and `handleDisconnect` of a gateway. In bare Nest a throw or a rejection in any of
 * them ends the process (AN-03), and nobody waits for an asynchronous `handleConnection` (AN-02).
 *
 * The wrappers are properties of the instance: Nest 11 looks the hooks up there at each call, Nest 12 binds them when it
 * registers the gateway, which is later.
 *
 * @returns undoes it.
 */
export function containHooks(gateway: GatewayRecord, observer: GatewayHookObserver): () => void {
  const undo: (() => void)[] = [];
  const define = (name: string, hook: Hook): number => undo.push(setOwn(gateway.instance, name, hook));
  const afterInit = hookOf(gateway, 'afterInit');
  // Also where the gateway has none: Nest calls it right before it binds this gateway to its server, which is the only
  // sign of whose callbacks come next.
  define('afterInit', (server) => {
    observer.onBind(gateway);
    contain(afterInit, [server], (error) => observer.onHookFailed(undefined, `${gateway.name}.afterInit`, error));
  });
  const connect = hookOf(gateway, 'handleConnection');
  if (connect !== undefined) {
    define('handleConnection', (...args) => {
      const client = args[0] as WebSocket;
      const fail = (error: unknown): void =>
        observer.onConnectFailed(client, `${gateway.name}.handleConnection`, error);
      const done = contain(connect, args, fail);
      if (done !== undefined) observer.onConnecting(client, done);
    });
  }
  const disconnect = hookOf(gateway, 'handleDisconnect');
  if (disconnect !== undefined) {
    // Nest 11 gives it the client alone, Nest 12 a code besides.
    define('handleDisconnect', (client) => {
      contain(disconnect, [client, ...observer.endOf(client as WebSocket)], (error) =>
        observer.onHookFailed(client as WebSocket, `${gateway.name}.handleDisconnect`, error),
      );
    });
  }
  return () => {
    for (const step of undo) step();
  };
}

/**
 * Calls `run` when Nest has read everything that it reads of a gateway: right before it binds it to its server, with
 * whatever adapter.
 *
 * @returns undoes it.
 */
export function onRegistered(gateway: GatewayRecord, run: () => void): () => void {
  const afterInit = hookOf(gateway, 'afterInit');
  return setOwn(gateway.instance, 'afterInit', (...args: unknown[]) => {
    run();
    return afterInit?.(...args);
  });
}

function hookOf(gateway: GatewayRecord, name: string): Hook | undefined {
  const hook = gateway.instance[name];
  return typeof hook === 'function' ? (hook.bind(gateway.instance) as Hook) : undefined;
}

/** Runs a hook; what it throws or rejects with goes to `fail` only. Answers a promise that never rejects. */
function contain(
  hook: Hook | undefined,
  args: unknown[],
  fail: (error: unknown) => void,
): PromiseLike<unknown> | undefined {
  try {
    const result = hook?.(...args);
    // A promise of ours: what another's then() returns is no sign of when the hook is done.
    return isPromiseLike(result) ? Promise.resolve(result).then(undefined, fail) : undefined;
  } catch (error) {
    fail(error);
    return undefined;
  }
}
