import type { ApplicationConfig } from '@nestjs/core';
import { ANYBODY, type AuthorizationDecision } from '../authorization/authorization-plan.js';
import { BootProblems } from '../core/boot-problems.js';
import type { GatewaySettings } from '../gateway-settings.js';
import { readHandlerThrottles } from '../throttling/handler-throttles.js';
import type { EventThrottle } from '../throttling/throttle-rule.js';
import { ERROR_EVENT, RESERVED_EVENT_PREFIX } from '@secure-ws/protocol';
import { transientEnhancersOf } from '../nest/enhancers.js';
import { checkFilters } from '../nest/exception-filters.js';
import type { GatewayRecord, HandlerRecord } from '../nest/gateway-inventory.js';
import type { ReplyMetadata } from '../output/ws-reply.decorator.js';
import type { ResolvedSecureWsOptions } from '../resolve-options.js';
import type { BytesDemand } from '../validation/bytes/bytes-demand.js';
import { endpointOf, placeOf } from './gateway-endpoints.js';
import { readBytesDemand } from './handler-bytes.js';
import { type DecisionContext, quote, readDecision } from './handler-decision.js';
import { type HandlerPayload, readPayload } from './handler-payload.js';
import { type HandlerSubprotocols, overlap, readSubprotocolsOf } from './handler-subprotocols.js';
import { readReply } from './handler-reply.js';
import { checkJudgingPipes } from './judging-pipes.js';
import { checkGatewayOnOtherAdapter, checkOnOtherAdapter } from './other-adapter.js';
import { checkRules, ruleOf } from './rule-coverage.js';

/** A handler with all its decisions made. */
export interface CoveredHandler {
  readonly record: HandlerRecord;
  readonly event: string;
  readonly decision: AuthorizationDecision;
  readonly payload: HandlerPayload;
  /** `undefined` where it declares none. */
  readonly reply: ReplyMetadata | undefined;
  readonly throttles: readonly EventThrottle[];
  readonly subprotocols: HandlerSubprotocols;
  /** What it asks of the bytes of a message; `undefined` where it takes none. */
  readonly bytes: BytesDemand | undefined;
  /** Whether what it leaves open is reported instead of refused. */
  readonly isReported: boolean;
}

/** What is known about the gateways apart from their classes. */
interface CoverageContext {
  readonly options: Pick<
    ResolvedSecureWsOptions,
    'adapter' | 'authentication' | 'authorization' | 'handshake' | 'migration' | 'output' | 'store'
  >;
  readonly config: ApplicationConfig;
  readonly settingsOf: (gateway: GatewayRecord) => GatewaySettings;
}

const EVENT_NAME = /^[\x21-\x7e]{1,64}$/;

/** Checks that every handler of every gateway is decided (AZ-01, AZ-03, MV-02), and collects what is not. */
export function checkCoverage(
  gateways: readonly GatewayRecord[],
  context: CoverageContext,
  problems: BootProblems,
): CoveredHandler[] {
  const covered: CoveredHandler[] = [];
  const owners: Owners = new Map();
  checkRules(context.options.authorization.rules, gateways, problems);
  for (const gateway of gateways) {
    if (gateway.isRequestScoped) {
      problems.add(
        gateway.name,
        'is request-scoped, or a dependency or an enhancer of it is: its handlers would run on an object that was never constructed (Nest 11), and its hooks outside the checks (Nest 12).',
        'make the gateway and what it injects singletons; take what belongs to one message from its parameters (policies may be request-scoped)',
      );
    }
    if (gateway.isTransient) {
      problems.add(
        gateway.name,
        'is transient: Nest would bind a placeholder of it, on which no constructor has run.',
        `remove the scope of ${gateway.name}`,
      );
    }
    checkTransientEnhancers(gateway, context, problems);
    checkFilters(gateway, problems);
    if (!context.options.adapter) checkGatewayOnOtherAdapter(gateway, problems);
    for (const handler of gateway.handlers) {
      const found = checkHandler(handler, gateways, context, owners, problems);
      if (found !== undefined) covered.push(found);
    }
  }
  warnOfSharedAddress(covered, context, problems);
  warnOfIdleStorage(covered, context, problems);
  return covered;
}

/** Under migration they run as they did, which is no worse than before: it is said, and stops nothing. */
function checkTransientEnhancers(gateway: GatewayRecord, { options }: CoverageContext, problems: BootProblems): void {
  for (const { name } of transientEnhancersOf(gateway)) {
    const problem = `has ${name} on it or on a handler, which is transient: Nest would run a placeholder of it, on which no constructor has run.`;
    const fix = `remove the scope of ${name}, or give an instance: new ${name}(...)`;
    if (options.migration.gateways.has(gateway.type)) problems.warn(gateway.name, `${problem} To end that, ${fix}.`);
    else problems.add(gateway.name, problem, fix);
  }
}

/** With the module's own adapter, production demands the decision. */
function warnOfSharedAddress(
  covered: readonly CoveredHandler[],
  { options: { adapter, handshake }, settingsOf }: CoverageContext,
  problems: BootProblems,
): void {
  if (adapter || handshake.areProxiesUndecided !== true) return;
  const limited = covered.find(
    ({ record, throttles }) =>
      throttles.some(({ by }) => by === 'address') || settingsOf(record.gateway).throttling.address.length > 0,
  );
  if (limited === undefined) return;
  problems.warn(
    'handshake.trustedProxies',
    `is undecided, and ${limited.record.label} has a limit by address: behind a proxy all clients have its address, and one uses the limit up for all. List the proxies, or say 'none'.`,
  );
}

/** Limits that no node knows of another would be taken for shared ones. */
function warnOfIdleStorage(
  covered: readonly CoveredHandler[],
  { settingsOf }: CoverageContext,
  problems: BootProblems,
): void {
  const isThere = covered.some(({ record }) => settingsOf(record.gateway).throttling.storage !== undefined);
  if (!isThere || covered.some(({ throttles }) => throttles.some(({ by }) => by !== 'connection'))) return;
  problems.warn(
    'throttling.storage',
    'counts nothing: it is for @WsThrottle and throttling.events, and no handler has a rule by principal, address or tenant.',
  );
}

function checkHandler(
  handler: HandlerRecord,
  gateways: readonly GatewayRecord[],
  context: CoverageContext,
  owners: Owners,
  problems: BootProblems,
): CoveredHandler | undefined {
  const isReported = context.options.migration.gateways.has(handler.gateway.type);
  // What a gateway under migration leaves open is warned about, and does not stop the boot.
  const open = isReported ? new BootProblems() : problems;
  const settings = context.settingsOf(handler.gateway);
  const subprotocols = readSubprotocolsOf(handler, settings, context.options.adapter, problems);
  const bytes = readBytesDemand(handler, settings, context.options.adapter, problems);
  const event = readEvent(handler, subprotocols, owners, problems);
  const decision =
    readDecision(handler, decisionContextOf(handler, context), open) ?? (isReported ? ANYBODY : undefined);
  const payload =
    readPayload(handler, decision?.isPublic === true, context.config, open) ?? (isReported ? UNTYPED : undefined);
  // Also under migration: what is declared already must hold.
  const reply = readReply(handler, context, problems);
  checkCall(handler, context, problems);
  // Under migration they judge as ever.
  checkJudgingPipes(handler, payload, context.config, open);
  if (isReported && decision?.shadow !== undefined) {
    problems.warn(
      handler.label,
      'has a shadow, and is under migration: there is no rule that holds, to compare it with.',
    );
  }
  const { callback, gateway, label } = handler;
  const { throttling } = context.settingsOf(gateway);
  const counter = counterOf([placeOf(gateway, gateways), event ?? '', ...(subprotocols ?? [])], context);
  const throttles = readHandlerThrottles(callback, gateway.type, { label, counter }, throttling, problems);
  if (isReported) for (const { where, problem } of open.problems) problems.warn(where, problem);
  if (event === undefined || decision === undefined || payload === undefined) return undefined;
  return { record: handler, event, decision, payload, reply, throttles, subprotocols, bytes, isReported };
}

/**
 * What a storage counts a handler under: the application by what it is called in a shared store, and where the event is. Not
 * by its class: another one may have its name, here or in an application beside this one.
 */
function counterOf(place: readonly string[], { options }: CoverageContext): string {
  return `${options.store.shared?.control?.name ?? 'secure-ws'}:${JSON.stringify(place)}`;
}

function decisionContextOf(handler: HandlerRecord, { options, settingsOf }: CoverageContext): DecisionContext {
  const { anonymous: admitsAnonymous, authentication = options.authentication } = settingsOf(handler.gateway);
  const { adapter: hasAdapter } = options;
  return { rule: ruleOf(options.authorization.rules, handler), admitsAnonymous, hasAdapter, authentication };
}

/** What would run without being judged, or wait for something that never comes. */
function checkCall(handler: HandlerRecord, { options, config }: CoverageContext, problems: BootProblems): void {
  if (!options.adapter) {
    checkOnOtherAdapter(handler, config, problems);
    return;
  }
  if (handler.parameters?.some(({ isAck }) => isAck) !== true) return;
  problems.add(
    handler.label,
    'takes an @Ack(), which exists on Socket.IO only: it would be undefined.',
    'return the answer: a message with an id is answered with that id; to stay on Socket.IO, forRoot({ adapter: false })',
  );
}

const UNTYPED: HandlerPayload = { declaration: undefined, selection: {} };

/** The handlers of each event of each endpoint; several where they exist in different subprotocols. */
type Owners = Map<string, { readonly label: string; readonly subprotocols: HandlerSubprotocols }[]>;

function readEvent(
  handler: HandlerRecord,
  subprotocols: HandlerSubprotocols,
  owners: Owners,
  problems: BootProblems,
): string | undefined {
  const { event, label, gateway } = handler;
  if (typeof event !== 'string' || !EVENT_NAME.test(event)) {
    problems.add(
      label,
      'has an event name that no message can carry.',
      "name it with 1 to 64 printable ASCII characters and no space, such as 'order.place'",
    );
    return undefined;
  }
  if (event.startsWith(RESERVED_EVENT_PREFIX)) {
    problems.add(label, `handles ${quote(event)}: events that begin with $ belong to the module.`, 'rename the event');
    return undefined;
  }
  if (event === ERROR_EVENT) {
    const problem = `handles ${quote(event)}, the event of every refusal: clients would take its answers for one.`;
    problems.add(label, problem, 'rename the event');
    return undefined;
  }
  const place = `${endpointOf(gateway)} ${event}`;
  const others = owners.get(place) ?? [];
  const other = others.find((each) => overlap(each.subprotocols, subprotocols));
  if (other !== undefined) {
    problems.add(
      label,
      `handles ${quote(event)} on ${gateway.path}, as ${other.label} does: one message would run twice.`,
      'rename one of the two events, give one of the gateways a path of its own, or tell them apart with @WsSubprotocol()',
    );
    return undefined;
  }
  owners.set(place, [...others, { label, subprotocols }]);
  return event;
}
