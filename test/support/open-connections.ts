import { PLAIN_JSON } from '../../packages/nestjs/src/core/wire-format.js';
import { createPrincipal } from '../../packages/nestjs/src/core/principal.js';
import { FaultLog } from '../../packages/nestjs/src/core/fault-log.js';
import { SecurityEvents } from '../../packages/nestjs/src/events/security-events.js';
import { BootProblems } from '../../packages/nestjs/src/core/boot-problems.js';
import { OptionReader } from '../../packages/nestjs/src/core/option-reader.js';
import type { BoundedSocket, OutboundWatch } from '../../packages/nestjs/src/lifecycle/bounded-socket.js';
import { COARSE_TICK_MS, CoarseTimer } from '../../packages/nestjs/src/lifecycle/coarse-timer.js';
import {
  type LifecycleOptions,
  resolveLifecycleOptions,
} from '../../packages/nestjs/src/lifecycle/lifecycle.options.js';
import { ManagedConnection } from '../../packages/nestjs/src/lifecycle/managed-connection.js';
import { WsConnectionLifecycleService } from '../../packages/nestjs/src/lifecycle/ws-connection-lifecycle.service.js';
import { Outputs } from '../../packages/nestjs/src/output/outputs.js';
import { FakeClock } from '../../packages/nestjs/src/testing/fake-clock.js';

/** What a connection uses of its socket. */
export class FakeSocket {
  readyState = 1;
  bufferedAmount = 0;
  needsDrain = false;
  isPaused = false;
  readonly closes: { readonly code: number; readonly reason: string }[] = [];
  readonly pings: string[] = [];
  readonly sent: string[] = [];
  #watch: OutboundWatch | undefined;

  watch(watch: OutboundWatch): void {
    this.#watch = watch;
  }

  send(text: string): void {
    if (this.#watch?.beforeSend(text) === false) return;
    this.sent.push(text);
    this.#watch?.afterFlush(this.bufferedAmount);
  }

  close(code: number, reason: string): void {
    this.closes.push({ code, reason });
  }

  awaitDrain(): void {}

  /** The client has read everything. */
  drain(): void {
    this.needsDrain = false;
    this.bufferedAmount = 0;
    this.#watch?.onDrained();
  }

  ping(payload: string): void {
    this.pings.push(payload);
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }
}

/** Connections under the one timer, as in an application, without a network. */
export function openConnections(
  user: LifecycleOptions = {},
  identity: { expiresInMs?: number; sessionId?: string; tenant?: string } = {},
) {
  const options = resolveLifecycleOptions(new OptionReader(user, 'lifecycle', new BootProblems()));
  const clock = new FakeClock();
  const timer = new CoarseTimer(clock);
  const events = new SecurityEvents(clock, []);
  const outputs = new Outputs({ undeclaredFields: 'drop', undeclaredReplies: 'send' }, events, new FaultLog(clock));
  const lifecycle = new WsConnectionLifecycleService(timer, clock, options, events, outputs);
  timer.start();
  const connect = (id: string) => {
    const socket = new FakeSocket();
    const { expiresInMs, sessionId, tenant } = identity;
    const principal = createPrincipal({
      kind: 'jwt',
      issuer: 'test',
      id,
      authenticatedAt: clock.now(),
      ...(expiresInMs === undefined ? {} : { expiresAt: clock.now() + expiresInMs }),
      ...(sessionId === undefined ? {} : { sessionId }),
      ...(tenant === undefined ? {} : { tenant }),
    });
    const connection = new ManagedConnection(
      { id, principal, path: '/x', address: '127.0.0.1', origin: undefined, wire: PLAIN_JSON },
      socket as unknown as BoundedSocket,
      clock,
      { ...options, messageTimeoutMs: 10_000 },
    );
    connection.outputs = outputs;
    lifecycle.register(connection);
    return { socket, connection };
  };
  /** Moves time in ticks, as it passes, and answers every ping. */
  const pass = (ms: number, { socket, connection }: ReturnType<typeof connect>): void => {
    for (let passed = 0; passed < ms; passed += COARSE_TICK_MS) {
      clock.advance(COARSE_TICK_MS);
      const ping = socket.pings.at(-1);
      if (ping !== undefined) connection.deadlines.onPong(Buffer.from(ping));
    }
  };
  return { clock, lifecycle, connect, pass };
}
