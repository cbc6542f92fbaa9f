import { isGrantedAlike } from '../authorization/policy-grant.js';
import { isRecentLogin } from '../authorization/step-up.js';
import type { Principal } from '../core/principal.js';
import type { ThrottleFinding } from '../throttling/throttle-finding.js';
import type { WsThrottleContext } from '../throttling/throttle-rule.js';
import { judgeBytes, ownBytes } from '../validation/bytes/bytes-demand.js';
import { PayloadRefusal } from '../validation/payload-run.js';
import { hitEvent, lateReason, refusalOfThrottle, throttleFailure } from './event-throttle.js';
import { mapException, refusalOfFailure } from './exception-mapping.js';
import type { HandlerPlan } from './handler-plan.js';
import { type Message, type MessageStep, PARKED } from './message.js';
import type { MessageObservation } from './message-observation.js';
import type { Refusal } from './refusal.js';

/**
 * The checks of every message, in this order: a limit before a parse, a parse before a decision, a decision on validated
 * data only, and nothing that tells a stranger which events exist. The first refusal ends a message.
 *
 * The first list runs as soon as a message arrives, and up to its slot: what waits there is a raw frame. The second one
 * belongs to the handler; steps that it does not need are left out at boot.
 */
export const ARRIVAL_STEPS: readonly MessageStep[] = [
  step('alive', { start: isAlive }),
  step('frame', { start: (message) => message.source.checkFrame(message) }),
  step('throttle', {
    start: ({ source, startedAt, bytes }) => source.throttle(startedAt, bytes),
    finish: throttled,
  }),
  step('slot', { start: (message) => (message.source.takeSlot(message) ? undefined : PARKED) }),
  // Once more: it may have waited for its slot.
  step('alive', { start: isAlive }),
  step('decode', { start: (message) => message.source.decode(message) }),
  step('route', { start: route }),
];

/** What comes after the route, for each handler. */
const HANDLER_STEPS: readonly MessageStep[] = [
  step('claims', { isReportable: true, start: checkClaims }),
  // After the claims, which tell nobody that there is such an event; before anything is done for who may not go on anyway.
  step('step-up', {
    isNeeded: ({ authorization }) => authorization.decision.stepUpMs !== undefined,
    isReportable: true,
    start: (message) => checkStepUp(message, message.principal),
  }),
  step('event-throttle', {
    isNeeded: ({ throttles }) => throttles.length > 0,
    start: throttleEvent,
    finish: throttled,
    fail: ({ source }, exception) => throttleFailure(source, exception),
    late: ({ source }) => lateReason(source),
  }),
  // Before anything is made that would have to be disposed of.
  step('streams', {
    isNeeded: ({ isStream }) => isStream,
    start: ({ source }) => (source.hasAllStreams ? { code: 'OVERLOADED', reason: 'streams' } : undefined),
  }),
  step('bytes', { isNeeded: ({ mayGetBytes }) => mayGetBytes, start: checkBytes }),
  step('validate', { isReportable: true, start: validate, finish: validated, fail: failed('validator-failed') }),
  step('policies', {
    isNeeded: ({ authorization }) => authorization.hasPolicies,
    isReportable: true,
    // Ownership: policies see the validated payload.
    start: (message) => handlerOf(message).plan.authorization.ask(message),
    finish: granted,
    fail: policyFailed,
  }),
  step('shadow', {
    isNeeded: ({ shadow, authorization }) => shadow !== undefined && !authorization.hasPolicies,
    start: (message) => handlerOf(message).plan.shadow?.tryJudged(message, true),
    finish: () => undefined,
  }),
];

/** Sends what a message has come to. */
export const REPLY_STEP: MessageStep = step('reply', {
  start: (message) => (message.source.reply(message, message.takeResult()) ? undefined : PARKED),
  fail: handlerFailed,
});

/** What Nest does where another adapter runs the handler: the module's own adapter does it here. */
const CALL_STEPS: readonly MessageStep[] = [
  step('handler', {
    deadline: 'handling',
    start: callHandler,
    finish: (message, value) => void (message.result = value),
    fail: handlerFailed,
  }),
  step('exception-filter', {
    deadline: 'handling',
    start: ({ failure }) => failure?.isAnswered,
    finish: (message, isAnswered) => refusalOfFailure(message, isAnswered === true),
    fail: handlerFailed,
  }),
  REPLY_STEP,
];

const COMPILED = new WeakMap<HandlerPlan, readonly MessageStep[]>();

/**
 * The steps of a handler's messages after their route, up to the reply.
 *
 * @param isObserved whether they are measured: always the same for one application, whose plans are its own.
 */
export function stepsOf(plan: HandlerPlan, isObserved = false): readonly MessageStep[] {
  let steps = COMPILED.get(plan);
  if (steps === undefined) {
    const called = isObserved ? CALL_STEPS.map(measured) : CALL_STEPS;
    COMPILED.set(plan, (steps = Object.freeze([...judgingStepsOf(plan, isObserved), ...called])));
  }
  return steps;
}

/** The steps of a handler's messages after their route, up to the call of the handler. */
export function judgingStepsOf(plan: HandlerPlan, isObserved = false): readonly MessageStep[] {
  const steps = HANDLER_STEPS.filter(({ isNeeded }) => isNeeded?.(plan) ?? true);
  return isObserved ? steps.map(measured) : steps;
}

function measured(plain: MessageStep): MessageStep {
  if (plain.name === 'policies') {
    return timed(
      plain,
      (observation) => observation.askPolicies(),
      (observation) => observation.havePolicies(),
    );
  }
  if (plain.name === 'handler') {
    return timed(
      plain,
      (observation) => observation.callHandler(),
      (observation) => observation.haveHandler(),
    );
  }
  return plain;
}

type Timing = (observation: MessageObservation) => void;

function timed(plain: MessageStep, begin: Timing, end: Timing): MessageStep {
  return step(plain.name, {
    ...plain,
    start: (message) => {
      if (message.observation !== undefined) begin(message.observation);
      return plain.start(message);
    },
    finish: (message, value) => {
      if (message.observation !== undefined) end(message.observation);
      return plain.finish(message, value);
    },
    fail: (message, error) => {
      if (message.observation !== undefined) end(message.observation);
      return plain.fail(message, error);
    },
  });
}

type StepParts = Pick<MessageStep, 'start'> & Partial<Omit<MessageStep, 'name'>>;

/**
 * By itself a step answers its refusal; what it does not expect to be thrown is refused like all that is not allowed.
 *
 * All have the same members in the same order: each message reads them of ten steps or so, and V8 reads quickly what has one
 * shape.
 */
function step(name: string, parts: StepParts): MessageStep {
  const { isNeeded, deadline = 'judging', late, isReportable = false, start } = parts;
  const { finish = refusalOf, fail = failed('check-failed') } = parts;
  return Object.freeze({ name, isNeeded, deadline, late, isReportable, start, finish, fail });
}

function refusalOf(_message: Message, value: unknown): Refusal | undefined {
  return value as Refusal | undefined;
}

function failed(reason: Refusal['reason']): MessageStep['fail'] {
  return (_message, exception) => ({ code: 'FORBIDDEN', reason, fault: { exception } });
}

/** RFC 6455 7.1.7: nothing of the peer is processed once this side has failed the connection. */
function isAlive(message: Message): Refusal | undefined {
  const { source, connection } = message;
  if (!connection.isOpen) {
    message.settle();
    return undefined;
  }
  // SL-02: the timer that closes for it may be late.
  return source.isExpired ? { code: 'FORBIDDEN', reason: 'identity-expired', close: 'TOKEN_EXPIRED' } : undefined;
}

function throttled(_message: Message, found: unknown): Refusal | undefined {
  return found === undefined ? undefined : refusalOfThrottle(found as ThrottleFinding);
}

/** An event that nobody handles is answered like one that is forbidden (AZ-12). */
function route(message: Message): Refusal | undefined {
  const found = message.source.route(message);
  if (found === undefined) {
    message.settle();
    return undefined;
  }
  if ('code' in found) return found;
  // It may have waited through a refresh (SL-11).
  message.renew(message.connection.principal);
  message.follow(found);
  return undefined;
}

function checkClaims(message: Message): Refusal | undefined {
  const { handler, principal } = message;
  const missing = handler?.plan.authorization.missingClaim(principal);
  if (missing === undefined) return undefined;
  handler?.plan.shadow?.tryUnread(message);
  return { code: 'FORBIDDEN', reason: 'claims', missing };
}

/** Whether the user of an identity has logged in as recently as the handler of a message asks for (AZ-14). */
export function checkStepUp({ handler, source }: Message, principal: Principal): Refusal | undefined {
  const maxAgeMs = handler?.plan.authorization.decision.stepUpMs;
  if (maxAgeMs === undefined || isRecentLogin(principal, maxAgeMs, source.engine.clock.now())) return undefined;
  // The client needs the age for its authorization server (RFC 9470 section 3, `max_age`).
  return { code: 'STEP_UP_REQUIRED', reason: 'step-up', application: { details: { maxAgeMs } } };
}

function throttleEvent(message: Message): unknown {
  const { source, principal, connection, event, bytes, startedAt } = message;
  const contextOf = (): WsThrottleContext => Object.freeze({ principal, connection, event, bytes });
  return hitEvent(source, handlerOf(message).plan, contextOf, startedAt);
}

/** What the handler gets is a copy, and the frame is let go of: policies and handler may take their time. */
function checkBytes(message: Message): Refusal | undefined {
  const { binary } = message;
  const issue = judgeBytes(binary, handlerOf(message).plan.bytes);
  if (issue !== undefined) return { code: 'VALIDATION_FAILED', reason: 'bytes', issues: [issue] };
  message.received = undefined;
  message.binary = binary === undefined ? undefined : ownBytes(binary);
  return undefined;
}

function validate(message: Message): unknown {
  const { payload, isReported } = handlerOf(message).plan;
  const { data, principal } = message;
  // A handler without a declared payload gets none; one under migration gets what was sent, whatever becomes of it here.
  if (isReported) message.sent = data;
  else message.data = undefined;
  return payload === undefined ? message.data : payload.check(data, principal.roles);
}

function validated(message: Message, outcome: unknown): Refusal | undefined {
  if (!(outcome instanceof PayloadRefusal)) {
    message.data = outcome;
    return undefined;
  }
  const { issues, cause } = outcome;
  // A validator that throws has refused; its author needs to know that it throws.
  const fault = cause === undefined ? undefined : { exception: cause };
  return { code: 'VALIDATION_FAILED', reason: 'payload', issues, fault };
}

function granted(message: Message, grants: unknown): Refusal | undefined {
  const isAllowed = Array.isArray(grants);
  message.handler?.plan.shadow?.tryJudged(message, isAllowed);
  // SL-11: what a handler has found under the filters of before is not for who would get narrower ones now.
  const isNarrowed = message.isHandled && isAllowed && !isGrantedAlike(message.grants, grants);
  if (!isAllowed || isNarrowed) return { code: 'FORBIDDEN', reason: 'policy' };
  message.grants = grants as readonly unknown[];
  return undefined;
}

function policyFailed(message: Message, exception: unknown): Refusal {
  message.handler?.plan.shadow?.tryJudged(message, false);
  return { code: 'FORBIDDEN', reason: 'policy-failed', fault: { exception } };
}

/** Nest's own chain, then the handler. */
function callHandler(message: Message): unknown {
  // AZ-15: a policy may have closed the connection, or changed what it may do, without ever waiting.
  if (!message.isCurrent) {
    message.settle();
    return undefined;
  }
  message.isHandled = true;
  return handlerOf(message).callback(message.handed, message.event, message);
}

function handlerFailed(message: Message, exception: unknown): Refusal {
  return mapException(message.failure?.exception ?? exception);
}

function handlerOf({ handler }: Message): NonNullable<Message['handler']> {
  if (handler === undefined) throw new Error('A step of a handler ran before the route. Please report this.');
  return handler;
}
