import { createSecretKey, type KeyObject } from 'node:crypto';
import type { OptionReader } from '../core/option-reader.js';
import { randomHashKey } from './identifier-hash.js';
import { LoggerSink } from './sinks/logger.sink.js';
import { SecurityEventSink } from './security-event-sink.js';
import { withArticle } from '../core/with-article.js';

/** The `events` options: where security events go, and what stands in them. */
export interface EventsOptions {
  /** The sinks that get events. @default one {@link LoggerSink} */
  readonly sinks?: readonly SecurityEventSink[];
  /**
   * How users appear in events: `'hashed'` gives each one a keyed hash, the same in every event, by which lines can be
   * joined and nobody is named (OWASP ASVS 5.0 16.2.5); `'plain'` writes the principal's key, which holds the user's id.
   * `'plain'` is warned about at boot.
   *
   * @default 'hashed'
   */
  readonly identifiers?: 'hashed' | 'plain';
  /**
   * The key of the hashes, at least 32 bytes: give every node the same one to join the lines of a user across nodes and
   * restarts. Not a key that is used for anything else.
   *
   * @default a random one for each process
   */
  readonly hashKey?: string | Uint8Array;
  /**
   * How client addresses appear in events: `'truncated'` keeps the network, /24 of an IPv4 and /48 of an IPv6 address.
   *
   * @default 'plain'
   */
  readonly addresses?: 'plain' | 'truncated';
  /**
   * For which sinks floods are summarised: of refusals of one kind, `maxSampledPerSecond` a second are written, of all kinds
   * `maxSampledPerHour`, and a `ws.audit.summary` has the exact number of the others: one a second after the flood began, and
   * then one a minute. `'log-lines'` does so for sinks that ask for it, as all those of this package do; `'off'` is warned
   * about at boot: clients can then fill the log. With `onSinkFailure: 'refuse-handshakes'` refusals are summarised for every
   * sink. Connections of users are never left out.
   *
   * @default 'log-lines'
   */
  readonly sampling?: 'log-lines' | 'all-sinks' | 'off';
  /**
   * How many refusals of one type and reason a sampled sink gets in a second: so many of strangers, and so many of users.
   *
   * @default 20
   */
  readonly maxSampledPerSecond?: number;
  /**
   * How many connections of clients without an identity that open, and how many that close for one reason, a sampled sink
   * gets in a second. Those of users it gets all: the limits of a principal bound them.
   *
   * @default 100
   */
  readonly maxSampledConnectionsPerSecond?: number;
  /**
   * How many events of strangers (refusals, and connections without an identity) a sampled sink gets in an hour, of all types
   * together; a tenth of them may come at once, and one address (of IPv6 the /64) has a quarter. Refusals of users have as
   * many of their own, and one principal a quarter. It decides how soon strangers have files put away and removed: at the
   * default they cause less than 8 MB an hour, and one address less than 3 MB.
   *
   * @default 5000
   */
  readonly maxSampledPerHour?: number;
  /**
   * How many events wait for one sink, or one `@OnSecurityEvent()` method, that is slower than they come; of them a quarter
   * may be refusals, a half refusals and connections of clients without an identity, and an eighth is kept for what is rare,
   * such as the acts of operators and alerts. More are dropped and counted in `ws.audit.dropped`. At least 4, at most 100000.
   *
   * @default 1000
   */
  readonly maxQueuedEvents?: number;
  /** After how many milliseconds a sink's promise is given up, and the next event written. @default 5000 */
  readonly sinkTimeoutMs?: number;
  /**
   * What becomes of new connections while a sink fails or its queue overflows: `'refuse-handshakes'` answers them with 503,
   * so that no user comes in who is not on record (OWASP ASVS 5.0 16.5.2). Open connections go on. Strangers cannot cause it:
   * refusals do not count, and neither do events of connections without an identity that a slow sink has no room for, which
   * are lost and counted.
   *
   * @default 'continue'
   */
  readonly onSinkFailure?: 'continue' | 'refuse-handshakes';
}

/** The {@link EventsOptions} beside the sinks, with defaults filled. */
export interface EventsSettings extends Required<Omit<EventsOptions, 'sinks' | 'hashKey'>> {
  readonly hashKey: KeyObject;
}

/** {@link EventsOptions} with defaults filled. */
export interface ResolvedEventsOptions extends EventsSettings {
  readonly sinks: readonly SecurityEventSink[];
}

/** As many as a second of the worst flood may bring to a sink that is briefly away; 100 MB of events at most. */
const MAX_QUEUE = 100_000;

/** Of fewer there is no quarter that refusals may have, and in the whole of it strangers would crowd out who came in. */
const MIN_QUEUE = 4;

/** The strength of HMAC-SHA256 ends at its key (RFC 2104 section 3). */
const MIN_KEY_BYTES = 32;

/** Reads the `events` options. */
export function resolveEventsOptions(reader: OptionReader): ResolvedEventsOptions {
  const identifiers = reader.oneOf('identifiers', ['hashed', 'plain'], 'hashed');
  const sampling = reader.oneOf('sampling', ['log-lines', 'all-sinks', 'off'], 'log-lines');
  const resolved = {
    sinks: readSinks(reader),
    identifiers,
    hashKey: readHashKey(reader, identifiers),
    addresses: reader.oneOf('addresses', ['plain', 'truncated'], 'plain'),
    sampling,
    maxSampledPerSecond: reader.count('maxSampledPerSecond', 20, { max: 10_000 }),
    maxSampledConnectionsPerSecond: reader.count('maxSampledConnectionsPerSecond', 100, { max: 10_000 }),
    maxSampledPerHour: reader.count('maxSampledPerHour', 5000, { min: 100, max: 100_000_000 }),
    maxQueuedEvents: reader.count('maxQueuedEvents', 1000, { min: MIN_QUEUE, max: MAX_QUEUE }),
    sinkTimeoutMs: reader.ms('sinkTimeoutMs', 5000),
    onSinkFailure: reader.oneOf('onSinkFailure', ['continue', 'refuse-handshakes'], 'continue'),
  };
  reader.finish();
  if (identifiers === 'plain') {
    reader.problems.warn(reader.pathOf('identifiers'), "is 'plain': user ids are written to every sink.");
  }
  if (sampling === 'off' && resolved.onSinkFailure === 'refuse-handshakes') {
    reader.fail(
      'sampling',
      "is 'off', and onSinkFailure is 'refuse-handshakes': a flood of refusals could have everybody refused.",
      "sampling: 'log-lines'",
    );
  } else if (sampling === 'off') {
    reader.problems.warn(reader.pathOf('sampling'), "is 'off': a client that is refused in a loop can fill the log.");
  }
  if (resolved.sinks.length === 0) {
    reader.problems.warn(reader.pathOf('sinks'), 'is empty: security events are counted and written nowhere.');
  }
  return Object.freeze(resolved);
}

/** The settings where no options are given. */
export function defaultEventsSettings(): EventsSettings {
  return {
    identifiers: 'hashed',
    hashKey: randomHashKey(),
    addresses: 'plain',
    sampling: 'log-lines',
    maxSampledPerSecond: 20,
    maxSampledConnectionsPerSecond: 100,
    maxSampledPerHour: 5000,
    maxQueuedEvents: 1000,
    sinkTimeoutMs: 5000,
    onSinkFailure: 'continue',
  };
}

function readSinks(reader: OptionReader): readonly SecurityEventSink[] {
  const sinks = reader.raw('sinks');
  if (sinks === undefined) return [new LoggerSink()];
  if (!Array.isArray(sinks) || !sinks.every((sink) => sink instanceof SecurityEventSink)) {
    reader.fail('sinks', 'must be a list of SecurityEventSink instances.', 'events: { sinks: [new LoggerSink()] }');
    return [];
  }
  for (const [index, sink] of sinks.entries()) {
    const place = `${reader.pathOf('sinks')}[${index}]`;
    const first = sinks.indexOf(sink);
    if (first < index) {
      const problem = `is the same ${sink.constructor.name} as sinks[${first}]: each event would reach it twice.`;
      reader.problems.add(place, problem, 'remove it, or make one of its own: new ...');
    } else if (typeof sink.write !== 'function') {
      const problem = `is ${withArticle(sink.constructor.name)}, which has no write(): each event would be lost.`;
      reader.problems.add(place, problem, 'write(event) { ... } in the class');
    } else sink.checkOptions(reader.problems, place);
  }
  return Object.freeze([...sinks]);
}

function readHashKey(reader: OptionReader, identifiers: 'hashed' | 'plain'): KeyObject {
  const key = reader.raw('hashKey');
  if (key === undefined) return randomHashKey();
  const bytes = typeof key === 'string' ? Buffer.from(key, 'utf8') : key;
  if (!(bytes instanceof Uint8Array) || bytes.length < MIN_KEY_BYTES) {
    reader.fail('hashKey', `must be at least ${MIN_KEY_BYTES} secret bytes.`, 'hashKey: process.env.AUDIT_HASH_KEY');
    return randomHashKey();
  }
  if (identifiers === 'plain') {
    reader.fail('hashKey', "has no effect where identifiers is 'plain'.", "remove it, or identifiers: 'hashed'");
  }
  // A KeyObject does not show its bytes when the options are logged.
  return createSecretKey(bytes);
}
