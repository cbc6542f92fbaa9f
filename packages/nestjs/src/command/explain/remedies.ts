import type { ValidationIssue } from '@secure-ws/protocol';
import type { MessageReason } from '../../events/event-reasons.js';
import type { PolicyVerdict } from './observed-policies.js';

/** What is known of a refusal. */
export interface RefusalFacts {
  /** Where its handler is: `OrdersGateway.place`, or what is known of it. */
  readonly place: string;
  readonly event?: string | undefined;
  /** The role or scope that was missing: `role admin`. */
  readonly missing?: string | undefined;
  readonly issues?: readonly ValidationIssue[] | undefined;
  /** The policies that were asked. */
  readonly policies?: readonly PolicyVerdict[];
  /** Events that the path has. */
  readonly events?: readonly string[];
  /** What was thrown, in a line. */
  readonly fault?: string | undefined;
  /** Whose principal it was: `alice.json`. */
  readonly principal?: string;
}

interface Remedy {
  /** The step of `message-steps.ts` that refuses for this reason; another word where it is none of them. */
  readonly step: string;
  /** What would change it: one line each. */
  readonly lines: (facts: RefusalFacts) => readonly string[];
}

const remedy = (step: string, ...lines: string[]): Remedy => ({ step, lines: () => lines });

/** A limit of JSON, and the option that moves it. */
const json = (problem: string, option?: string): Remedy =>
  remedy('decode', option === undefined ? problem : `${problem} The limit is ${option}.`);

const FAILED = 'The log has the exception, under the same correlationId: mend what throws.';

/** For each reason of `MESSAGE_REASONS`: which step refuses, and the line that would change it. */
const REMEDIES: Readonly<Record<MessageReason, Remedy>> = {
  'identity-expired': {
    step: 'alive',
    lines: ({ principal = 'the principal' }) => [
      `Give ${principal} an "expiresAt" that is to come: a client sends $auth with a fresh credential before it ends.`,
      'lifecycle: { expiryGraceMs: 60_000 } lets a connection outlive its identity.',
    ],
  },
  'broken-frame': remedy('frame', 'The bytes are no WebSocket frame: no client library sends them. Look at proxies.'),
  'binary-frame': remedy('frame', 'Send text: the handler takes no bytes.'),
  'text-frame': remedy('frame', 'Send binary frames: the negotiated subprotocol has no others.'),
  'early-bytes': remedy('frame', 'Send nothing before the 101 has arrived.'),
  'unfinished-bytes': remedy(
    'frame',
    'Send messages whole: too many of all clients were waited for. Look for a client that begins messages and ends none.',
    'throttling: { shedding: { maxUnfinishedBytes: 134_217_728 } } lets more of them wait.',
  ),
  'control-flood': remedy('frame', 'Send fewer pings.'),
  'refresh-rate': remedy('$auth', 'Refresh later: once for each new credential.'),
  'refresh-refused': remedy('$auth', 'Send a credential that the handshake would accept.'),
  'refresh-subject': remedy('$auth', 'Open another connection: a connection keeps its principal.'),
  'connection-throttle': remedy(
    'throttle',
    'Send less at a time, or throttling: { connection: [{ limit: 40, ttl: 1000 }], connectionBytesPerSecond: 131_072 }.',
  ),
  'principal-throttle': remedy(
    'throttle',
    'Send less over all connections of the principal, or throttling: { principal: [{ limit: 80, ttl: 1000 }] }.',
  ),
  'address-throttle': remedy('throttle', 'Send less over all connections of the address, or raise throttling.address.'),
  'tenant-throttle': remedy('throttle', 'Send less in the tenant, or raise throttling.tenant.'),
  'throttle-failed': remedy('event-throttle', `What computes a limit or a cost failed. ${FAILED}`),
  shedding: remedy(
    'event-throttle',
    'Come back later: the node is overloaded, and serves known clients first (throttling.shedding).',
  ),
  'event-throttle': {
    step: 'event-throttle',
    lines: ({ place }) => [`Send the event less often, or raise the limit of @WsThrottle() at ${place}.`],
  },
  'queue-before-connect': remedy('slot', 'Wait for the 101, and make handleConnection() faster.'),
  'queue-full': remedy('slot', 'Wait for answers, or messages: { maxQueuedMessages: 32, maxConcurrentHandlers: 1 }.'),
  'json-syntax': json('The message is no JSON.'),
  'json-depth': json('The payload nests too deep.', 'validation.maxDepth'),
  'json-keys': json('An object has too many members.', 'validation.maxKeys'),
  'json-nodes': json('The payload has too many values.', 'validation.maxNodes'),
  'json-forbidden-key': json('Rename the key: __proto__, constructor and prototype are never taken.'),
  'json-duplicate-key': json('Write each key of an object once.'),
  'json-number': json('A number is too large for a double: send it as a text.'),
  'json-text': json('A text has a null character, or half of a surrogate pair.'),
  'json-type': json('The codec allows values that JSON does not have: send only those that it has.'),
  envelope: remedy('decode', 'Send { "event", "data"?, "id"? } and no other key.'),
  'message-size': remedy(
    'frame',
    'Send less in one message, or @SecureGateway({ limits: { maxMessageBytes: 65_536 } }) at the gateway.',
  ),
  'unknown-event': {
    step: 'route',
    lines: ({ event = 'the event', events = [] }) => [
      `Nothing handles ${event} here: @SubscribeMessage('${event}').`,
      ...(events.length === 0 ? [] : [`There are ${events.join(', ')}.`]),
    ],
  },
  'foreign-event': remedy('route', 'Events that begin with $ are for clients that offered secure-ws.v1: offer it.'),
  'step-up': {
    step: 'step-up',
    lines: ({ place, principal = 'the principal' }) => [
      `Give ${principal} an "authenticatedAt" of now: its client logs in again, and sends $auth on the same socket.`,
      `Or let a log-in count for longer: @WsStepUp({ maxAgeMs: 300_000 }) at ${place}.`,
    ],
  },
  claims: { step: 'claims', lines: linesOfClaims },
  'throttler-storage-failed': remedy('event-throttle', `throttling.storage failed. ${FAILED}`),
  streams: remedy('streams', 'End a stream first ($cancel), or messages: { maxStreams: 8 }.'),
  payload: {
    step: 'validate',
    lines: ({ issues, place }) =>
      issues === undefined
        ? ['The error frame that the client got lists the paths and rules: compare them with the DTO.']
        : issues.map(({ path, rule }) => lineOfIssue(`data${path === '' ? '' : `.${path}`}`, rule, place)),
  },
  bytes: {
    step: 'bytes',
    lines: ({ place }) => [`Send the bytes that @WsBinary() at ${place} asks for, and none where it is missing.`],
  },
  'validator-failed': {
    step: 'validate',
    lines: ({ fault, place }) => [`A validator of ${place} threw${fault === undefined ? '' : `: ${fault}`}. ${FAILED}`],
  },
  policy: { step: 'policies', lines: (facts) => linesOfPolicies(facts, 'denied') },
  'policy-failed': { step: 'policies', lines: (facts) => linesOfPolicies(facts, 'threw') },
  'policy-timeout': {
    step: 'policies',
    lines: (facts) => [
      ...linesOfPolicies(facts, 'unanswered'),
      'authorization: { policyTimeoutMs: 5000 } is how long it may take.',
    ],
  },
  'check-failed': remedy('?', 'A check of the module failed. Please report this.'),
  application: remedy('handler', 'The application itself refused, in its handler, a guard, a pipe or an interceptor.'),
  'application-filter': remedy('handler', 'An exception filter of the application answered what its code threw.'),
  'handler-failed': remedy('handler', FAILED),
  'handler-failed-after-close': remedy('handler', FAILED),
  'handler-timeout': remedy('handler', 'Make the handler faster, or messages: { handlerTimeoutMs: 10_000 }.'),
  'reply-undeclared': remedy('reply', 'Return what the class of @WsReply() exposes; the log names the field.'),
  'reply-not-serialisable': remedy('reply', 'Return plain data: no BigInt, no cycle, no getter that throws.'),
  'reply-too-large': remedy('reply', 'Return less, or a stream; the limit is lifecycle.maxOutboundBytes.'),
};

/** Which step refuses for a reason, and what would change it. A reason of another release has none. */
export function remedyOf(
  reason: string,
  facts: RefusalFacts,
): { readonly step: string; readonly lines: readonly string[] } {
  if (!Object.hasOwn(REMEDIES, reason)) return { step: '?', lines: ['This release does not know the reason.'] };
  const { step, lines } = REMEDIES[reason as MessageReason];
  return { step, lines: lines(facts) };
}

function lineOfIssue(path: string, rule: string, place: string): string {
  return rule === 'whitelistValidation'
    ? `${path}: leave it out, or declare it in the DTO of ${place} with a rule, such as @IsString().`
    : `${path}: make it pass ${rule} of ${place}.`;
}

function linesOfClaims({ missing = '', place, principal = 'the principal' }: RefusalFacts): readonly string[] {
  if (missing === 'identity') {
    return [`Connect with a credential: ${principal} is nobody. @WsPublic() at ${place} lets everybody in.`];
  }
  // `role admin or scope purge`, of an anyOf(), does not list one kind.
  const [, kind, names] = /^(role|scope) ((?:(?! or (?:role|scope) ).)+)$/.exec(missing) ?? [];
  if (kind === undefined || names === undefined) {
    return [
      `It lacks ${missing}: give that to ${principal}, or ask for less in @WsAuthorize() or the rule table at ${place}.`,
    ];
  }
  const list = `${kind}s`;
  const [first = names] = names.split(' or ');
  return [
    `Add the ${kind} ${names} to "${list}" of ${principal}, where its credential is issued: "${list}": ["${first}"].`,
    `Or ask for another one: @WsAuthorize({ ${list}: [...] }) at ${place}.`,
  ];
}

function linesOfPolicies(
  { policies, place, fault }: RefusalFacts,
  outcome: PolicyVerdict['outcome'],
): readonly string[] {
  // Those that said so last: the ones before a policy that granted did not decide. Of an anyOf() there are several.
  const granted = policies?.findLastIndex((policy) => policy.outcome === 'granted') ?? -1;
  const all = policies?.slice(granted + 1).filter((policy) => policy.outcome === outcome) ?? [];
  const found = all.at(-1);
  const names = [...new Set(all.map((policy) => `${policy.name}.authorize()`))];
  const name = names.length === 0 ? `A policy of ${place}` : names.join(' and ');
  switch (outcome) {
    case 'threw':
      return [`${name} failed${fault === undefined ? '' : `: ${fault}`}. ${FAILED}`];
    case 'unanswered':
      return [`${name} did not answer in time.`];
    default:
      if (found?.unclear !== undefined) return [found.unclear];
      return [`${name} denied: give the principal what it asks for, or change it, or @WsAuthorize() at ${place}.`];
  }
}
