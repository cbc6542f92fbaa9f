import { BootProblems } from '../core/boot-problems.js';
import type { ThrottleRule } from '../core/rate-windows.js';
import { messagesPerSecond, type PathLimits } from '../gateway-settings.js';
import { type ResolvedSecureWsOptions, resolveOptions } from '../resolve-options.js';

/** One option that can only be used up to another one, and what follows where it is larger. */
type Row = readonly [option: string, upTo: string, consequence: string];

const HALF_OF = 'half of ';
const NEVER = 'this many are never reached';

/** What may differ for one gateway, so that it can contradict itself there too. */
const OF_A_PATH: readonly Row[] = [
  ['validation.maxMessageBytes', 'throttling.connectionBytesPerSecond', 'no message of that size ever passes'],
  [
    'validation.maxMessageBytes',
    'messages.maxQueuedBytes',
    'a message of that size that has to wait for a handler closes its connection',
  ],
  ['validation.maxKeys', 'validation.maxNodes', 'no object has as many members'],
  ['throttling.connection', 'throttling.principal', 'one connection may not send as much as it is allowed'],
];

const OF_THE_MODULE: readonly Row[] = [
  ['handshake.limits.maxPendingPerAddress', 'handshake.limits.maxPending', NEVER],
  ['handshake.limits.maxOpenPerPrincipal', 'handshake.limits.maxOpen', NEVER],
  [
    'handshake.limits.maxOpen',
    `${HALF_OF}store.maxKeys`,
    'a connection takes two keys, and one that finds no room is refused',
  ],
  [
    'messages.handlerTimeoutMs',
    'lifecycle.drainTimeoutMs',
    'a handler that takes as long as it may is cut off at every shutdown',
  ],
  ['lifecycle.closeTimeoutMs', 'lifecycle.drainTimeoutMs', 'a shutdown does not wait as long for a client to close'],
];

/** The options that `@SecureGateway({ limits })` has as well. */
const GATEWAY_LIMIT = /^\w+\.(?=(maxMessageBytes|connectionBytesPerSecond|maxQueuedBytes|connection)$)/;

/** Their values decide nothing with `adapter: false`. */
const NEEDS_ADAPTER = /^(?:handshake|lifecycle|messages)\./;

/**
 * Warns about options of which one takes away what another one gives. Each is a good value by itself; none of the defaults
 * contradict each other.
 */
export function warnOfContradictions(options: ResolvedSecureWsOptions, problems: BootProblems): void {
  const rows = [...OF_A_PATH, ...OF_THE_MODULE].filter(
    ([option, upTo]) => options.adapter || ![option, upTo].some((each) => NEEDS_ADAPTER.test(each)),
  );
  warn(rows, options, (option) => option, problems);
}

export function warnOfGatewayContradictions(gateway: string, settings: PathLimits, problems: BootProblems): void {
  const nameOf = (option: string): string => option.replace(GATEWAY_LIMIT, `${gateway} @SecureGateway.limits.`);
  warn(OF_A_PATH, settings, nameOf, problems);
}

function warn(
  rows: readonly Row[],
  options: PathLimits,
  nameOf: (option: string) => string,
  problems: BootProblems,
): void {
  const is = (name: string): string => wordsOf(options, name);
  for (const [option, upTo, consequence] of rows) {
    const value = valueOf(options, option);
    const limit = valueOf(options, upTo);
    // Infinity is warned about by itself: whoever wrote it wants no limit there.
    if (value <= limit || value === Infinity) continue;
    if (isDefault(option, value) && !isDefault(upTo, limit)) {
      // Whoever reads it has written the other one.
      problems.warn(nameOf(upTo), `is ${is(upTo)}, and ${nameOf(option)} ${is(option)} (its default): ${consequence}.`);
    } else {
      problems.warn(nameOf(option), `is ${is(option)}, and ${nameOf(upTo)} only ${is(upTo)}: ${consequence}.`);
    }
  }
}

/** Whether an option has the value that it has where nothing is written. */
function isDefault(option: string, value: number): boolean {
  return valueOf((defaults ??= resolveOptions({}, new BootProblems())), option) === value;
}

let defaults: PathLimits | undefined;

/** The number behind the name of an option; of rules, what they let through in a second. */
function valueOf(options: PathLimits, name: string): number {
  if (name.startsWith(HALF_OF)) return valueOf(options, name.slice(HALF_OF.length)) / 2;
  const value = optionOf(options, name);
  return typeof value === 'number' ? value : messagesPerSecond(value);
}

/** What an option is, as somebody wrote it; of rules, the one that lets the least through in the long run. */
function wordsOf(options: PathLimits, name: string): string {
  const value = name.startsWith(HALF_OF) ? valueOf(options, name) : optionOf(options, name);
  if (typeof value === 'number') return String(value);
  const least = messagesPerSecond(value);
  const rule = value.find((each) => messagesPerSecond([each]) === least);
  return rule === undefined ? 'without a limit' : `${rule.limit} in ${rule.ttl / 1000} s`;
}

function optionOf(options: PathLimits, name: string): number | readonly ThrottleRule[] {
  const path = name.split('.');
  return path.reduce<unknown>((level, key) => (level as Readonly<Record<string, unknown>>)[key], options) as
    number | readonly ThrottleRule[];
}
