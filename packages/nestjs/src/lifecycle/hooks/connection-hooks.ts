import { isPromiseLike, withDeadline } from '../../core/awaitable.js';
import type { Clock } from '../../core/clock.js';
import type { Principal } from '../../core/principal.js';
import type { WsClose, WsConnection } from '../../core/ws-connection.js';
import type { HookMoment } from './on-ws-connection.js';

/** A method of the application that is called at a moment of a connection. */
export interface ConnectionHook {
  /** `Class.method`. */
  readonly name: string;
  readonly moment: HookMoment;
  /** The paths whose connections it hears of; none for all. */
  readonly paths: ReadonlySet<string>;
  readonly call: (...args: readonly unknown[]) => unknown;
}

/** Is told of a hook that threw, rejected or did not end. Must not throw. */
export type HookFailure = (where: string, connectionId: string, error: unknown) => void;

/** Calls the application's connection hooks. Nothing that they do comes out of here. */
export class ConnectionHooks {
  #hooks: Readonly<Record<HookMoment, readonly ConnectionHook[]>> = { connected: [], refreshed: [], disconnected: [] };
  /** Of connections that are gone. */
  #running = 0;
  #onSettled: (() => void)[] = [];

  constructor(
    private readonly clock: Clock,
    /** How long a hook is waited for, in milliseconds. */
    private readonly timeoutMs: number,
    private readonly onFailed: HookFailure,
  ) {}

  /** Sets who is called. Called once, at boot. */
  use(hooks: readonly ConnectionHook[]): void {
    const of = (moment: HookMoment): ConnectionHook[] => hooks.filter((hook) => hook.moment === moment);
    this.#hooks = { connected: of('connected'), refreshed: of('refreshed'), disconnected: of('disconnected') };
  }

  /** @returns ends when every hook has, or its time is over; `undefined` where none has to be waited for. Never rejects. */
  connected(connection: WsConnection): Promise<void> | undefined {
    return this.#callAll('connected', connection);
  }

  /** The connection has another identity. */
  refreshed(connection: WsConnection, before: Principal): void {
    void this.#callAll('refreshed', connection, before);
  }

  /** @param greeting what {@link connected} has answered for it: nobody hears of an end before the beginning is dealt with. */
  disconnected(connection: WsConnection, close: WsClose, greeting: Promise<void> | undefined): void {
    if (this.#hooks.disconnected.length === 0) return;
    const call = (): Promise<void> | undefined => this.#callAll('disconnected', connection, close);
    const done = greeting === undefined ? call() : greeting.then(call);
    if (done === undefined) return;
    this.#running++;
    void done.then(() => {
      this.#running--;
      if (this.#running === 0) for (const resolve of this.#onSettled.splice(0)) resolve();
    });
  }

  /** Ends when no hook of a connection that is gone runs any more. */
  settled(): Promise<void> {
    return this.#running === 0 ? Promise.resolve() : new Promise((resolve) => void this.#onSettled.push(resolve));
  }

  #callAll(moment: HookMoment, connection: WsConnection, ...more: readonly unknown[]): Promise<void> | undefined {
    const waiting: Promise<void>[] = [];
    for (const hook of this.#hooks[moment]) {
      if (hook.paths.size > 0 && !hook.paths.has(connection.path)) continue;
      const done = this.#call(hook, connection, more);
      if (done !== undefined) waiting.push(done);
    }
    return waiting.length === 0 ? undefined : Promise.all(waiting).then(() => undefined);
  }

  #call({ name, call }: ConnectionHook, connection: WsConnection, more: readonly unknown[]): Promise<void> | undefined {
    const fail = (error: unknown): void => this.onFailed(name, connection.id, error);
    try {
      const result = call(connection, ...more);
      if (!isPromiseLike(result)) return undefined;
      const isDone = Promise.resolve(result).then(
        () => true,
        (error: unknown) => {
          fail(error);
          return true;
        },
      );
      return withDeadline(isDone, this.timeoutMs, this.clock, false).then((inTime) => {
        if (!inTime) fail(new Error(`It did not end within lifecycle.connectTimeoutMs (${this.timeoutMs} ms).`));
      });
    } catch (error) {
      fail(error);
      return undefined;
    }
  }
}
