import { WebSocket } from 'ws';
import type { Clock } from '../../core/clock.js';
import type { Principal } from '../../core/principal.js';
import type { WireFormat } from '../../core/wire-format.js';
import { FaultLog } from '../../core/fault-log.js';
import { SecurityEvents } from '../../events/security-events.js';
import type { GatewaySettings } from '../../gateway-settings.js';
import { BoundedSocket } from '../../lifecycle/bounded-socket.js';
import { ManagedConnection } from '../../lifecycle/managed-connection.js';
import { ConnectionPipeline } from '../../messages/connection-pipeline.js';
import { existsIn, type HandlerPlan } from '../../messages/handler-plan.js';
import { Message, type MessageSource, type MessageStep } from '../../messages/message.js';
import { MessageEngine } from '../../messages/message-engine.js';
import { ARRIVAL_STEPS, judgingStepsOf } from '../../messages/message-steps.js';
import type { Refusal } from '../../messages/refusal.js';
import { Outputs } from '../../output/outputs.js';
import type { ResolvedSecureWsOptions } from '../../resolve-options.js';
import { MemoryStore } from '../../store/memory.store.js';
import { MessageThrottles } from '../../throttling/message-throttles.js';
import { ViolationLedger } from '../../throttling/violations/violation-ledger.js';
import { ObservedSteps, type StepVerdict } from './observed-steps.js';

/** How often it is looked whether a policy has run out of its time, in milliseconds. */
const TICK_MS = 50;

/** A message to explain, and whom it comes from. */
export interface ExplainedMessage {
  /** The handlers of its path. */
  readonly plans: readonly HandlerPlan[];
  readonly settings: GatewaySettings;
  readonly options: Pick<
    ResolvedSecureWsOptions,
    'authorization' | 'detailedErrors' | 'output' | 'store' | 'throttling'
  >;
  readonly clock: Clock;
  readonly principal: Principal;
  readonly path: string;
  readonly wire: WireFormat;
  readonly frame: Buffer;
}

/** What became of a message, up to its handler, which is not called. */
export interface Explanation {
  /** Each step in its order; the last one is `handler`. */
  readonly steps: readonly StepVerdict[];
  /** Whose message it is, where that was found out. */
  readonly plan: HandlerPlan | undefined;
  /** `dropped`: it ended without an answer, because a policy closed the connection or raised its epoch. */
  readonly outcome: 'allowed' | 'refused' | 'dropped';
  /** Of `refused`. */
  readonly refusal: Refusal | undefined;
}

/** The socket of a connection that nobody is at the other end of: open, and whatever is sent through it goes nowhere. */
class OfflineSocket extends BoundedSocket {
  constructor() {
    // As the server of `ws` makes one, with options that its types leave out.
    super(...([null, undefined, {}] as unknown as [null]));
    Object.defineProperty(this, 'readyState', { value: WebSocket.OPEN });
  }

  override send(): void {}

  override close(): void {}
}

/**
 * Runs one message through the very steps that a message on a socket takes, up to the call of its handler.
 *
 * It is the first message of a connection of its own, with stores of its own: nothing is charged to what the application
 * shares, no event is written, nothing is sent.
 */
export async function explainMessage(explained: ExplainedMessage): Promise<Explanation> {
  const { plans, path, principal, wire, clock, settings, frame } = explained;
  const engine = makeEngine(explained);
  const connection = new ManagedConnection(
    { id: 'explained', principal, path, address: '127.0.0.1', origin: undefined, wire },
    new OfflineSocket(),
    clock,
    { ...settings.lifecycle, messageTimeoutMs: settings.validation.messageTimeoutMs },
  );
  const observed = new ObservedSteps();
  const pipeline = new ExplainedPipeline(engine, connection, observed);
  let isAllowed = false;
  const arrive: MessageStep = {
    name: 'handler',
    // As the step in its place: a policy may have closed the connection without ever waiting (AZ-15).
    start: (message) => (isAllowed = message.isCurrent),
    finish: () => undefined,
    fail: () => ({ code: 'INTERNAL', reason: 'check-failed' }),
  };
  for (const plan of plans.filter((each) => existsIn(each, wire))) {
    const steps = [...observed.observe(judgingStepsOf(plan)), arrive];
    pipeline.bind({ plan, steps, callback: () => undefined });
  }
  pipeline.release();
  // Keeps the process alive, which the timers of the application do not.
  const ticking = setInterval(() => engine.expire(clock.monotonic()), TICK_MS);
  try {
    const message = await new Promise<Message>((settled) => {
      const steps = observed.observe(ARRIVAL_STEPS);
      new WatchedMessage(pipeline, steps, frame, clock.monotonic(), settled).run();
    });
    const { refusal } = pipeline;
    const plan = message.handler?.plan;
    const outcome = isAllowed ? 'allowed' : refusal === undefined ? 'dropped' : 'refused';
    return { steps: allSteps(observed, plan, outcome), plan, outcome, refusal };
  } finally {
    clearInterval(ticking);
    pipeline.dispose();
  }
}

/** A connection that remembers what it refused, instead of auditing and answering it. */
class ExplainedPipeline extends ConnectionPipeline {
  refusal: Refusal | undefined;

  constructor(
    engine: MessageEngine,
    connection: ManagedConnection,
    private readonly observed: ObservedSteps,
  ) {
    super(engine, connection);
  }

  override refuse(_message: Message, refusal: Refusal): void {
    this.refusal ??= refusal;
    this.observed.refuse(refusal);
  }
}

class WatchedMessage extends Message {
  constructor(
    source: MessageSource,
    steps: readonly MessageStep[],
    frame: Buffer,
    now: number,
    private readonly onSettled: (message: Message) => void,
  ) {
    super(source, steps, frame, frame.length, false, 1, now);
  }

  override settle(refusal?: Refusal): void {
    super.settle(refusal);
    this.onSettled(this);
  }
}

function makeEngine({ clock, options, settings }: ExplainedMessage): MessageEngine {
  const events = new SecurityEvents(clock, []);
  const store = new MemoryStore(clock, options.store);
  // A storage of @nestjs/throttler is shared: the windows of an event are those of this one message instead.
  const throttling = { ...options.throttling, storage: undefined };
  const faults = new SilentFaults(clock);
  const parts = {
    clock,
    events,
    faults,
    outputs: new Outputs(options.output, events, faults),
    throttles: new MessageThrottles(throttling, store),
    ledger: new ViolationLedger(store, options.throttling.violations),
    detailedErrors: options.detailedErrors,
    policyTimeoutMs: options.authorization.policyTimeoutMs,
  };
  return new MessageEngine(parts, { ...settings, throttling: { ...settings.throttling, storage: undefined } });
}

/** What a policy or a validator throws is part of the explanation. */
class SilentFaults extends FaultLog {
  override write(): void {}

  override warn(): void {}
}

function allSteps(
  observed: ObservedSteps,
  plan: HandlerPlan | undefined,
  outcome: Explanation['outcome'],
): readonly StepVerdict[] {
  const { verdicts } = observed;
  const names = [...ARRIVAL_STEPS, ...(plan === undefined ? [] : judgingStepsOf(plan))].map(({ name }) => name);
  const notReached = names.slice(verdicts.length).map((name): StepVerdict => ({ name, outcome: 'not-reached' }));
  const handler: StepVerdict = { name: 'handler', outcome: outcome === 'allowed' ? 'passed' : 'not-reached' };
  return [...verdicts, ...notReached, handler];
}
