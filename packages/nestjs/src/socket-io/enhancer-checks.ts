import type { ExecutionContext } from '@nestjs/common';
import type { WsErrorCode } from '@secure-ws/protocol';
import type { MessageReason } from '../events/event-reasons.js';
import { randomId } from '../core/identifier.js';
import type { Grant } from '../authorization/ws-policy.js';
import type { WsSocketIdentities } from './ws-socket-identities.js';
import { MessageChecks } from '../core/message-checks.js';
import { WsMessageContext } from '../core/message-context.js';
import { ValidatedPayloads } from '../core/validated-payloads.js';
import { WsRefusalException } from '../core/ws-refusal.exception.js';
import { compilePayload } from '../validation/compile-payload.js';
import { type PayloadCheck, PayloadRefusal } from '../validation/payload-check.js';
import { isPayloadDeclaration } from '../validation/ws-payload.decorator.js';
import { decodeJson } from '../core/safe-json.js';
import { ConnectionThrottle } from '../throttling/connection-throttle.js';
import { ForeignConnection, type ForeignSocket } from './foreign-connection.js';
import type { HandlerPlan } from '../messages/handler-plan.js';
import { BoundHandler } from '../messages/bound-handler.js';
import type { PipelineEngine } from '../messages/pipeline-engine.js';
import { withTimeout } from '../core/with-timeout.js';

/** The check that refuses with a code. */
const REASONS: Readonly<Partial<Record<WsErrorCode, MessageReason>>> = Object.freeze({
  BAD_MESSAGE: 'envelope',
  FORBIDDEN: 'policy',
  THROTTLED: 'event-throttle',
  VALIDATION_FAILED: 'payload',
});

/** What is kept of a socket of another adapter. */
interface Client {
  readonly connection: ForeignConnection;
  readonly throttle: ConnectionThrottle;
  readonly handlers: Map<HandlerPlan, BoundHandler>;
}

/** What the checks need of the application. */
export interface EnhancerHost {
  readonly defaultEngine: PipelineEngine;
  readonly options: {
    readonly authorization: { readonly policyTimeoutMs: number };
    readonly validation: { readonly maxMessageBytes: number };
  };
  /** The plan of a handler, by its class and its function. */
  planOf(gateway: unknown, handler: unknown): HandlerPlan | undefined;
}

/** The checks of the pipeline for calls that come through another adapter: the same parts in the same order. */
export class EnhancerChecks extends MessageChecks {
  readonly #clients = new WeakMap<object, Client>();
  readonly #validated = new ValidatedPayloads();
  readonly #compiled = new Map<unknown, PayloadCheck>();

  constructor(
    private readonly host: EnhancerHost,
    private readonly identities: WsSocketIdentities,
  ) {
    super();
  }

  override async judge(context: ExecutionContext): Promise<void> {
    try {
      await this.#judge(context);
    } catch (refusal) {
      this.#report(context, refusal);
      throw refusal;
    }
  }

  #report(context: ExecutionContext, refusal: unknown): void {
    if (!(refusal instanceof WsRefusalException)) return;
    const client = this.#clientOf(context.getArgByIndex(0));
    const plan = this.host.planOf(context.getClass(), context.getHandler());
    this.host.defaultEngine.events.emit({
      type: 'ws.message.refused',
      code: refusal.code,
      reason: REASONS[refusal.code] ?? 'application',
      connectionId: client?.connection.id ?? '',
      principal: client?.connection.principal.key ?? '',
      path: '',
      address: '',
      ...(plan === undefined ? {} : { event: plan.event }),
      correlationId: randomId(),
    });
  }

  async #judge(context: ExecutionContext): Promise<void> {
    const args = context.getArgs<unknown[]>();
    if (hasPassed(args)) return;
    const plan = this.host.planOf(context.getClass(), context.getHandler());
    const client = this.#clientOf(args[0]);
    if (plan === undefined || client === undefined) throw new WsRefusalException('FORBIDDEN');
    const data = this.#decode(args[1], client);
    if (!plan.authorization.meetsClaims(client.connection.principal)) throw new WsRefusalException('FORBIDDEN');
    this.#throttleEvent(plan, client);
    const { connection } = client;
    const message = new WsMessageContext(connection, connection.principal, plan.event, undefined, connection.epoch);
    message.data = plan.payload === undefined ? undefined : await this.#check(plan.payload, data);
    message.grants = await this.#askPolicies(plan, message);
    // AZ-15: the socket may have been closed while the policies were asked.
    if (!connection.isOpen) throw new WsRefusalException('FORBIDDEN');
    // The handler's arguments are `(client, data, ..., pattern)`; what stands in front of the last one reaches param
    // decorators, interceptors and pipes on Nest 11 and 12.
    args[1] = message.data;
    args.splice(Math.max(2, args.length - 1), 0, message);
  }

  override isValidated(value: unknown): boolean {
    return this.#validated.has(value);
  }

  override async throttle(context: ExecutionContext): Promise<void> {
    const args = context.getArgs<unknown[]>();
    if (hasPassed(args)) return;
    const plan = this.host.planOf(context.getClass(), context.getHandler());
    const client = this.#clientOf(args[0]);
    if (plan === undefined || client === undefined) throw new WsRefusalException('FORBIDDEN');
    this.#throttleConnection(args[1], client);
    this.#throttleEvent(plan, client);
    await Promise.resolve();
  }

  override async validate(value: unknown, type: unknown): Promise<unknown> {
    let compiled = this.#compiled.get(type);
    if (compiled === undefined) {
      if (!isPayloadDeclaration(type)) throw new WsRefusalException('VALIDATION_FAILED');
      this.#compiled.set(type, (compiled = compilePayload(type)));
    }
    return this.#check(compiled, this.#parse(value));
  }

  #clientOf(socket: unknown): Client | undefined {
    if (typeof socket !== 'object' || socket === null) return undefined;
    const known = this.#clients.get(socket);
    if (known !== undefined) return known;
    const principal = this.identities.principalOf(socket);
    if (principal === undefined) return undefined;
    const engine = this.host.defaultEngine;
    const client: Client = {
      connection: new ForeignConnection(socket as ForeignSocket, principal, engine.clock.now()),
      throttle: new ConnectionThrottle(engine.throttling),
      handlers: new Map(),
    };
    this.#clients.set(socket, client);
    return client;
  }

  #decode(data: unknown, client: Client): unknown {
    this.#throttleConnection(data, client);
    const { expiresAt } = client.connection.principal;
    if (expiresAt !== undefined && this.host.defaultEngine.clock.now() >= expiresAt) {
      client.connection.close('TOKEN_EXPIRED');
      throw new WsRefusalException('FORBIDDEN');
    }
    return this.#parse(data);
  }

  /** The other adapter has parsed the message: written and read again it meets the same limits as a text frame. */
  #parse(data: unknown): unknown {
    if (data === undefined) return undefined;
    const text = write(data);
    if (text === undefined || text.length > this.host.options.validation.maxMessageBytes)
      throw new WsRefusalException('BAD_MESSAGE');
    const decoded = decodeJson(text, this.host.defaultEngine.jsonLimits);
    if (!decoded.ok) throw new WsRefusalException('BAD_MESSAGE');
    return decoded.value;
  }

  #throttleConnection(data: unknown, { throttle }: Client): void {
    const wait = throttle.hit(this.host.defaultEngine.clock.monotonic(), write(data)?.length ?? 0);
    if (wait > 0) throw new WsRefusalException('THROTTLED', { retryAfterMs: wait });
  }

  #throttleEvent(plan: HandlerPlan, { handlers }: Client): void {
    let bound = handlers.get(plan);
    if (bound === undefined) handlers.set(plan, (bound = new BoundHandler(plan, () => undefined)));
    const wait = bound.throttle(this.host.defaultEngine.clock.monotonic());
    if (wait > 0) throw new WsRefusalException('THROTTLED', { retryAfterMs: wait });
  }

  async #check(payload: PayloadCheck, data: unknown): Promise<unknown> {
    const outcome = await this.#inTime(async () => payload.check(data), 'VALIDATION_FAILED');
    if (outcome instanceof PayloadRefusal)
      throw new WsRefusalException('VALIDATION_FAILED', { issues: outcome.issues });
    this.#validated.add(outcome);
    return outcome;
  }

  async #askPolicies(plan: HandlerPlan, message: WsMessageContext): Promise<readonly Grant[]> {
    const grants = await this.#inTime(async () => plan.authorization.ask(message), 'FORBIDDEN');
    if (grants === undefined) throw new WsRefusalException('FORBIDDEN');
    return grants;
  }

  /** A throw, a rejection and a time-out refuse. */
  async #inTime<T>(work: () => Promise<T>, code: 'FORBIDDEN' | 'VALIDATION_FAILED'): Promise<T> {
    try {
      return await withTimeout(work(), this.host.options.authorization.policyTimeoutMs, this.host.defaultEngine.clock);
    } catch {
      throw new WsRefusalException(code);
    }
  }
}

function hasPassed(args: readonly unknown[]): boolean {
  return args.some((arg) => arg instanceof WsMessageContext);
}

function write(data: unknown): string | undefined {
  try {
    return JSON.stringify(data);
  } catch {
    return undefined;
  }
}
