import type { BootProblems } from '../internal/boot-problems.js';
import { OptionReader } from '../internal/option-reader.js';
import type { ThrottleRule } from '../throttling/throttle-rule.js';
import { readRule } from '../throttling/throttling.options.js';
import { WS_THROTTLE_METADATA } from '../throttling/ws-throttle.decorator.js';
import { RESERVED_EVENT_PREFIX } from '@secure-ws/protocol';
import { checkFilters } from './exception-filters.js';
import type { GatewayRecord, HandlerRecord } from './gateway-inventory.js';
import { type HandlerDecision, quote, readDecision } from './handler-decision.js';
import { type HandlerPayload, readPayload } from './handler-payload.js';

/** A handler with all its decisions made. */
export interface CoveredHandler {
  readonly record: HandlerRecord;
  readonly event: string;
  readonly decision: HandlerDecision;
  readonly payload: HandlerPayload;
  readonly throttles: readonly ThrottleRule[];
}

const EVENT_NAME = /^[\x21-\x7e]{1,64}$/;

/** Checks that every handler of every gateway is decided (AZ-01, AZ-03, MV-02), and collects what is not. */
export function checkCoverage(gateways: readonly GatewayRecord[], problems: BootProblems): CoveredHandler[] {
  checkPaths(gateways, problems);
  const covered: CoveredHandler[] = [];
  const owners = new Map<string, HandlerRecord>();
  for (const gateway of gateways) {
    if (gateway.isRequestScoped) {
      problems.add(
        gateway.name,
        'is request-scoped, or a dependency or an enhancer of it is: its handlers would run on an object that was never constructed (Nest 11), and its hooks outside the checks (Nest 12).',
        'make the gateway and what it injects singletons; take what belongs to one message from its parameters',
      );
    }
    checkFilters(gateway, problems);
    for (const handler of gateway.handlers) {
      const found = checkHandler(handler, owners, problems);
      if (found !== undefined) covered.push(found);
    }
  }
  return covered;
}

function checkHandler(
  handler: HandlerRecord,
  owners: Map<string, HandlerRecord>,
  problems: BootProblems,
): CoveredHandler | undefined {
  const event = readEvent(handler, owners, problems);
  const decision = readDecision(handler, problems);
  const payload = readPayload(handler, problems);
  const throttles = readThrottles(handler, problems);
  if (event === undefined || decision === undefined || payload === undefined) return undefined;
  return { record: handler, event, decision, payload, throttles };
}

function readEvent(
  handler: HandlerRecord,
  owners: Map<string, HandlerRecord>,
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
  const address = JSON.stringify([gateway.port, gateway.path, event]);
  const other = owners.get(address);
  if (other !== undefined) {
    problems.add(
      label,
      `handles ${quote(event)} on ${gateway.path}, as ${other.label} does: one message would run twice.`,
      'rename one of the two events, or give one of the gateways a path of its own',
    );
    return undefined;
  }
  owners.set(address, handler);
  return event;
}

function readThrottles(handler: HandlerRecord, problems: BootProblems): readonly ThrottleRule[] {
  const rules = [handler.callback, handler.gateway.type].map(
    (owner) => Reflect.getMetadata(WS_THROTTLE_METADATA, owner) as readonly ThrottleRule[] | undefined,
  );
  // As in @nestjs/throttler, a method's own limits replace those of its class.
  const own = rules.find((found) => found !== undefined) ?? [];
  return own.map((rule) => readRule(new OptionReader(rule, `${handler.label} @WsThrottle`, problems)));
}

/** Nest keeps one server for a path and silently ignores the options of the second gateway on it. */
function checkPaths(gateways: readonly GatewayRecord[], problems: BootProblems): void {
  const first = new Map<string, GatewayRecord>();
  for (const gateway of gateways) {
    if (gateway.options['namespace'] !== undefined) {
      problems.add(
        gateway.name,
        'has a namespace, which exists on Socket.IO only.',
        "@WebSocketGateway({ path: '/...' })",
      );
    }
    const address = `${gateway.port}${gateway.path}`;
    const other = first.get(address);
    if (other === undefined) {
      first.set(address, gateway);
    } else if (comparable(gateway) !== comparable(other)) {
      problems.add(
        gateway.name,
        `shares ${gateway.path} with ${other.name}, but its options differ: Nest would follow only those of one.`,
        'write the same options on both, or give one of them a path of its own',
      );
    }
  }
}

function comparable({ options }: GatewayRecord): string {
  const entries = Object.entries(options).filter(([key]) => key !== 'path');
  return JSON.stringify(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}
