import { type ArgumentsHost, type ExecutionContext, Injectable } from '@nestjs/common';
import type { ErrorData } from '@secure-ws/protocol';
import { isPromiseLike, withDeadline } from '../core/awaitable.js';
import { findMessageContext, WsMessageContext } from '../core/message-context.js';
import { randomId } from '../core/identifier.js';
import { WsRefusalException } from '../core/ws-application.error.js';
import { mapException } from '../messages/exception-mapping.js';
import { behindGate } from '../nest/handler-gate.js';
import { hitEvent, lateReason, refusalOfThrottle, throttleFailure } from '../messages/event-throttle.js';
import { errorData } from '../messages/frames.js';
import type { Refusal } from '../messages/refusal.js';
import type { ThrottleFinding } from '../throttling/throttle-finding.js';
import type { HandlerPlan } from '../messages/handler-plan.js';
import type { MessageHandler } from '../messages/message.js';
import { compilePayload } from '../validation/compile-payload.js';
import { isPayloadDeclaration } from '../validation/ws-payload.decorator.js';
import { PayloadRefusal } from '../validation/payload-run.js';
import { SecureWsRuntime } from '../secure-ws.runtime.js';
import { addressOf, ForeignClient, type ForeignSocket } from './foreign-client.js';
import { AuditedRefusal, ForeignCall, foreignHandler } from './foreign-call.js';
import { ForeignReplies } from './foreign-replies.js';
import { measurePayload } from './parsed-payload.js';
import { WsSocketIdentities } from './ws-socket-identities.js';

/**
 * The steps of a message for calls that come through another adapter: the same list, up to the handler, which Nest calls
 * there. Injectable; `WsAuthorizeGuard` and its like name it in their constructors.
 */
@Injectable()
export class EnhancerChecks {
  readonly #clients = new WeakMap<object, ForeignClient>();
  readonly #handlers = new Map<HandlerPlan, MessageHandler>();
  readonly #types = new Map<unknown, ReturnType<typeof compilePayload>>();
  /** The calls whose replies are written by an interceptor already: one that is named twice writes once. */
  readonly #written = new WeakSet<object>();

  /** @internal */
  constructor(
    private readonly runtime: SecureWsRuntime,
    private readonly identities: WsSocketIdentities,
  ) {
    identities.onChange((client) => this.#clients.get(client)?.replace());
  }

  /**
   * Runs the checks for the call of a handler, and hands the outcome on in its arguments. A call that came through the
   * module's own adapter has passed them already.
   *
   * @throws {WsRefusalException} when it is refused.
   */
  async judge(context: ExecutionContext): Promise<void> {
    const args = context.getArgs<unknown[]>();
    if (hasPassed(args)) return;
    const { plan, client } = this.#callOf(context);
    let handler = this.#handlers.get(plan);
    if (handler === undefined) {
      const isObserved = this.runtime.defaultEngine.observer !== undefined;
      this.#handlers.set(plan, (handler = foreignHandler(plan, isObserved)));
    }
    const message = await client.judge(handler, args[1]);
    // The handler's arguments are `(client, data, ..., pattern)`; what stands in front of the last one reaches param
    // decorators, interceptors and pipes on Nest 11 and 12.
    args[1] = message.handed;
    args.splice(Math.max(2, args.length - 1), 0, message);
  }

  /**
   * Counts a call for its client's throttles, where {@link judge} did not.
   *
   * @throws {WsRefusalException} when it is refused.
   */
  async throttle(context: ExecutionContext): Promise<void> {
    const args = context.getArgs<unknown[]>();
    if (hasPassed(args)) return;
    const { plan, client } = this.#callOf(context);
    const { bytes } = measurePayload(args[1], this.runtime.defaults.validation);
    const refusal = await this.#throttle(client, plan, bytes);
    if (refusal !== undefined) throw new AuditedRefusal(refusal, client.note(refusal, plan));
  }

  async #throttle(client: ForeignClient, plan: HandlerPlan, bytes: number): Promise<Refusal | undefined> {
    const { clock, parts } = client.engine;
    const now = clock.monotonic();
    let found: ThrottleFinding | 'late' | undefined = client.throttle(now, bytes);
    if (found === undefined) {
      const { principal } = client;
      const contextOf = () => Object.freeze({ principal, connection: client.connection, event: plan.event, bytes });
      try {
        const hit = hitEvent(client, plan, contextOf, now);
        found = isPromiseLike(hit)
          ? await withDeadline<ThrottleFinding | 'late' | undefined>(hit, parts.policyTimeoutMs, clock, 'late')
          : hit;
      } catch (exception) {
        return throttleFailure(client, exception);
      }
    }
    if (found === 'late') return { code: 'FORBIDDEN', reason: lateReason(client) };
    return found === undefined ? undefined : refusalOfThrottle(found);
  }

  /**
   * What writes the replies of a call as its handler declares them, and ends them where the caller is not who called any more, or
   * may not call any more; `undefined` for calls that came through the module's own adapter, which does both itself.
   *
   * @throws {WsRefusalException} where the caller is not known.
   */
  repliesOf(context: ExecutionContext): ForeignReplies | undefined {
    if (this.isAnsweredElsewhere(context)) return undefined;
    const args = context.getArgs<unknown[]>();
    const call = findMessageContext(args);
    // The first one is the last to see a reply.
    if (this.#written.has(call ?? args)) return undefined;
    this.#written.add(call ?? args);
    const { plan, client } = this.#callOf(context);
    const judged = call instanceof ForeignCall ? call : undefined;
    return new ForeignReplies(this.runtime, this.identities, args[0] as object, plan, client, judged);
  }

  /**
   * Validates a payload by the type of its parameter.
   *
   * @throws {WsRefusalException} when it is refused, or the type cannot be validated.
   */
  async validate(value: unknown, type: unknown): Promise<unknown> {
    let compiled = this.#types.get(type);
    if (compiled === undefined) {
      if (!isPayloadDeclaration(type)) throw new WsRefusalException('VALIDATION_FAILED');
      this.#types.set(type, (compiled = compilePayload(type)));
    }
    const { refusal } = measurePayload(value, this.runtime.defaults.validation);
    if (refusal !== undefined) throw new WsRefusalException(refusal.code);
    const outcome = await compiled.check(value);
    if (!(outcome instanceof PayloadRefusal)) return outcome;
    throw new WsRefusalException('VALIDATION_FAILED', { issues: outcome.issues });
  }

  /** Whether a call came through the module's own adapter, which writes its replies and answers what it throws. */
  isAnsweredElsewhere(host: ArgumentsHost): boolean {
    const message = findMessageContext(host.getArgs<unknown[]>());
    return message !== undefined && !(message instanceof ForeignCall);
  }

  /** What the client gets of an exception; audits it, unless a check refused and has done so. */
  answerTo(exception: unknown, socket: unknown, label: string): ErrorData {
    const { defaultEngine, faults, options } = this.runtime;
    const { detailedErrors } = options;
    if (exception instanceof AuditedRefusal) {
      return errorData(exception.refusal, exception.correlationId, detailedErrors);
    }
    const refusal = mapException(exception);
    const client = this.#clientOf(socket);
    if (client !== undefined) {
      return errorData(refusal, defaultEngine.report(client, refusal, { event: label, label }), detailedErrors);
    }
    const correlationId = randomId();
    if (refusal.fault !== undefined) faults.write(label, correlationId, refusal.fault.exception);
    return errorData(refusal, correlationId, detailedErrors);
  }

  /** The handler that is called, and by whom. @throws {WsRefusalException} where one of the two is not known. */
  #callOf(context: ExecutionContext): { readonly plan: HandlerPlan; readonly client: ForeignClient } {
    const plan = this.runtime.plans.find(context.getClass(), behindGate(context.getHandler()));
    const client = this.#clientOf(context.getArgByIndex(0));
    if (plan === undefined || client === undefined) throw new WsRefusalException('FORBIDDEN');
    return { plan, client };
  }

  #clientOf(socket: unknown): ForeignClient | undefined {
    if (typeof socket !== 'object' || socket === null) return undefined;
    const principal = this.identities.principalOf(socket);
    if (principal === undefined) return undefined;
    const known = this.#clients.get(socket);
    if (known?.principal === principal) return known;
    // Gone before its first message was judged: its disconnect, which frees what it holds, is over.
    if ((socket as ForeignSocket).connected === false) return undefined;
    const { defaultEngine, options } = this.runtime;
    const address = addressOf(socket as ForeignSocket, options.handshake.proxies);
    const client = new ForeignClient(socket as ForeignSocket, principal, address, defaultEngine, known);
    this.#clients.set(socket, client);
    return client;
  }
}

function hasPassed(args: readonly unknown[]): boolean {
  return args.some((arg) => arg instanceof WsMessageContext);
}
