import { createPrincipal } from '../../packages/nestjs/src/core/principal.js';
import {
  ANYBODY,
  type AuthorizationDecision,
  AuthorizationPlan,
  NO_POLICIES,
} from '../../packages/nestjs/src/authorization/authorization-plan.js';
import type { WsPolicy } from '../../packages/nestjs/src/authorization/ws-policy.js';
import { FaultLog } from '../../packages/nestjs/src/core/fault-log.js';
import type { SecurityEvent } from '../../packages/nestjs/src/events/security-event.js';
import { SecurityEventSink } from '../../packages/nestjs/src/events/security-event-sink.js';
import { SecurityEvents } from '../../packages/nestjs/src/events/security-events.js';
import { BootProblems } from '../../packages/nestjs/src/core/boot-problems.js';
import type { CompiledObserver } from '../../packages/nestjs/src/core/observers.js';
import { PLAIN_JSON } from '../../packages/nestjs/src/core/wire-format.js';
import { OptionReader } from '../../packages/nestjs/src/core/option-reader.js';
import type { BoundedSocket, OutboundWatch } from '../../packages/nestjs/src/lifecycle/bounded-socket.js';
import { resolveLifecycleOptions } from '../../packages/nestjs/src/lifecycle/lifecycle.options.js';
import { ManagedConnection } from '../../packages/nestjs/src/lifecycle/managed-connection.js';
import { ConnectionPipeline } from '../../packages/nestjs/src/messages/connection-pipeline.js';
import type { HandlerPlan } from '../../packages/nestjs/src/messages/handler-plan.js';
import type { MessageHandler } from '../../packages/nestjs/src/messages/message.js';
import { stepsOf } from '../../packages/nestjs/src/messages/message-steps.js';
import { type MessagesOptions, resolveMessagesOptions } from '../../packages/nestjs/src/messages/messages.options.js';
import { MessageEngine } from '../../packages/nestjs/src/messages/message-engine.js';
import { resolveOutputOptions } from '../../packages/nestjs/src/output/output.options.js';
import { Outputs } from '../../packages/nestjs/src/output/outputs.js';
import { MessageThrottles } from '../../packages/nestjs/src/throttling/message-throttles.js';
import { MemoryStore } from '../../packages/nestjs/src/store/memory.store.js';
import type { SecureWsStore } from '../../packages/nestjs/src/store/secure-ws.store.js';
import { resolveStoreOptions } from '../../packages/nestjs/src/store/store.options.js';
import {
  resolveThrottlingOptions,
  type ThrottlingOptions,
} from '../../packages/nestjs/src/throttling/throttling.options.js';
import { ViolationLedger } from '../../packages/nestjs/src/throttling/violations/violation-ledger.js';
import type { PayloadCheck } from '../../packages/nestjs/src/validation/payload-run.js';
import { resolveValidationOptions } from '../../packages/nestjs/src/validation/validation.options.js';
import { FakeClock } from './fake-clock.js';

/** What a connection uses of its socket. Not exported from the package: for its own specs. */
export class StubSocket {
  readyState = 1;
  bufferedAmount = 0;
  needsDrain = false;
  readonly sent: { event: string; id?: number; end?: true; messages?: [number, number]; data?: { code?: string } }[] =
    [];
  readonly closes: number[] = [];
  readonly flow: string[] = [];
  #watch: OutboundWatch | undefined;

  watch(watch: OutboundWatch): void {
    this.#watch = watch;
  }

  send(text: string): void {
    if (this.#watch?.beforeSend(text) === false) return;
    this.sent.push(JSON.parse(text) as (typeof this.sent)[number]);
    this.#watch?.afterFlush(this.bufferedAmount);
  }

  close(code: number): void {
    this.closes.push(code);
  }

  awaitDrain(): void {}

  /** The client has read everything. */
  drain(): void {
    this.needsDrain = false;
    this.bufferedAmount = 0;
    this.#watch?.onDrained();
  }

  ping(): void {}

  pause(): void {
    this.flow.push('pause');
  }

  resume(): void {
    this.flow.push('resume');
  }
}

/** Keeps every event. */
export class ListSink extends SecurityEventSink {
  readonly events: SecurityEvent[] = [];
  override write(event: SecurityEvent): void {
    this.events.push(event);
  }
}

/** What differs from the defaults. */
export interface PipelineShape {
  readonly messages?: MessagesOptions;
  readonly throttling?: ThrottlingOptions;
  readonly store?: (memory: MemoryStore) => SecureWsStore;
  readonly policies?: readonly (new () => WsPolicy<never>)[];
  readonly hasInterceptors?: boolean;
  readonly isStream?: boolean;
  /** Whether the client speaks the module's own events. @default false */
  readonly hasModuleEvents?: boolean;
  readonly payload?: PayloadCheck;
  /** Whether the `handleConnection` hooks have still to accept the connection. @default false */
  readonly isHeld?: boolean;
  /** When the identity ends, in milliseconds from now. */
  readonly expiresInMs?: number;
  /** What else is asked of who may call it. */
  readonly decision?: Partial<AuthorizationDecision>;
  /** What else is known of the handler. */
  readonly plan?: Partial<HandlerPlan>;
  readonly observer?: CompiledObserver;
  readonly roles?: readonly string[];
}

/** Reads options as the boot does. */
export const readerOf = (source: unknown, name: string): OptionReader =>
  new OptionReader(source, name, new BootProblems());

/** What {@link openPipeline} makes. */
export interface StubPipeline {
  readonly clock: FakeClock;
  readonly engine: MessageEngine;
  readonly socket: StubSocket;
  readonly connection: ManagedConnection;
  readonly pipeline: ConnectionPipeline;
  readonly sink: ListSink;
  /** Lets a message arrive. */
  send(id: number, event?: string): void;
}

/** One connection whose only handler, `do`, is `callback`, as Nest would call it. */
export function openPipeline(callback: MessageHandler['callback'], shape: PipelineShape = {}): StubPipeline {
  const clock = new FakeClock();
  const memory = new MemoryStore(clock, resolveStoreOptions(readerOf({}, 'store')));
  const store = shape.store?.(memory) ?? memory;
  const throttling = resolveThrottlingOptions(readerOf(shape.throttling, 'throttling'));
  const sink = new ListSink();
  const events = new SecurityEvents(clock, [sink]);
  const faults = new FaultLog(clock);
  const engine = new MessageEngine(
    {
      ...{ clock, events, faults },
      outputs: new Outputs(resolveOutputOptions(readerOf({}, 'output')), events, faults),
      throttles: new MessageThrottles(throttling, store),
      ledger: new ViolationLedger(memory, throttling.violations),
      detailedErrors: false,
      policyTimeoutMs: 5000,
      observer: shape.observer,
    },
    {
      messages: resolveMessagesOptions(readerOf(shape.messages, 'messages')),
      throttling,
      validation: resolveValidationOptions(readerOf({}, 'validation')),
    },
  );
  const socket = new StubSocket();
  const ends = shape.expiresInMs === undefined ? {} : { expiresAt: clock.now() + shape.expiresInMs };
  const principal = createPrincipal({
    ...{ kind: 'jwt', issuer: 'test', id: 'alice', authenticatedAt: 0, roles: shape.roles ?? [] },
    ...ends,
  });
  const connection = new ManagedConnection(
    {
      id: 'c',
      principal,
      path: '/x',
      address: '127.0.0.1',
      origin: undefined,
      wire: { ...PLAIN_JSON, hasModuleEvents: shape.hasModuleEvents ?? false },
    },
    socket as unknown as BoundedSocket,
    clock,
    { ...resolveLifecycleOptions(readerOf({}, 'lifecycle')), messageTimeoutMs: 10_000 },
  );
  const pipeline = new ConnectionPipeline(engine, connection);
  const plan: HandlerPlan = {
    event: 'do',
    eventJson: '"do"',
    label: 'Gateway.do',
    authorization: new AuthorizationPlan(
      { ...ANYBODY, requirements: shape.policies ?? [], ...shape.decision },
      { ...NO_POLICIES, resolve: (type) => () => new type() },
    ),
    throttles: [],
    subprotocols: undefined,
    bytes: undefined,
    mayGetBytes: false,
    payload: shape.payload,
    reply: undefined,
    isReported: false,
    hasInterceptors: shape.hasInterceptors ?? false,
    isStream: shape.isStream ?? false,
    ...shape.plan,
  };
  pipeline.bind({ plan, steps: stepsOf(plan, shape.observer !== undefined), callback });
  if (shape.isHeld !== true) pipeline.release();
  const send = (id: number, event = 'do'): void => {
    pipeline.onMessage(Buffer.from(JSON.stringify({ event, id })), false);
  };
  return { clock, engine, socket, connection, pipeline, sink, send };
}

/** Lets everything run that was promised. */
export const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate);
};

/** What would end the process. Vitest only fails the run as a whole for it. */
export async function crashesOf(work: () => Promise<void>): Promise<readonly unknown[]> {
  const crashes: unknown[] = [];
  const record = (error: unknown): void => {
    crashes.push(error);
  };
  process.on('unhandledRejection', record);
  process.on('uncaughtException', record);
  try {
    await work();
    await settle();
  } finally {
    process.off('unhandledRejection', record);
    process.off('uncaughtException', record);
  }
  return crashes;
}
