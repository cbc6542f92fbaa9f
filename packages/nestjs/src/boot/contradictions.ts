import type { BootProblems } from '../core/boot-problems.js';
import { type GatewaySettings, messagesPerSecond } from '../gateway-settings.js';
import type { ResolvedSecureWsOptions } from '../resolve-options.js';

/** One option that can only be used up to another one: names, values, and what follows from it. */
type Pair = readonly [name: string, value: number, upTo: string, limit: number, consequence: string];

/** Their values decide nothing with `adapter: false`. */
const NEEDS_ADAPTER = /^(?:handshake|lifecycle|messages)\./;

/**
 * Warns about options of which one takes away what another one gives. Each is a good value by itself; none of the defaults
 * contradict each other.
 */
export function warnOfContradictions(options: ResolvedSecureWsOptions, problems: BootProblems): void {
  const { handshake, lifecycle, messages, store } = options;
  const { limits } = handshake;
  const open = 'handshake.limits.maxOpen';
  const unreachable = 'this many are never reached';
  const pairs: readonly Pair[] = [
    ...pairsOf(options, { validation: 'validation.', throttling: 'throttling.', messages: 'messages.' }),
    [
      'handshake.limits.maxPendingPerAddress',
      limits.maxPendingPerAddress,
      'handshake.limits.maxPending',
      limits.maxPending,
      unreachable,
    ],
    ['handshake.limits.maxOpenPerPrincipal', limits.maxOpenPerPrincipal, open, limits.maxOpen, unreachable],
    [
      open,
      limits.maxOpen,
      'half of store.maxKeys',
      store.maxKeys / 2,
      'a connection takes two keys, and one that finds no room is refused',
    ],
    [
      'messages.handlerTimeoutMs',
      messages.handlerTimeoutMs,
      'lifecycle.drainTimeoutMs',
      lifecycle.drainTimeoutMs,
      'a handler that takes as long as it may is cut off at every shutdown',
    ],
    [
      'lifecycle.closeTimeoutMs',
      lifecycle.closeTimeoutMs,
      'lifecycle.drainTimeoutMs',
      lifecycle.drainTimeoutMs,
      'a shutdown does not wait as long for a client to close',
    ],
  ];
  const isHeeded = ([name, , upTo]: Pair): boolean =>
    options.adapter || ![name, upTo].some((each) => NEEDS_ADAPTER.test(each));
  warn(pairs.filter(isHeeded), problems);
}

/** The same for the limits of one gateway. */
export function warnOfGatewayContradictions(gateway: string, settings: GatewaySettings, problems: BootProblems): void {
  const limits = `${gateway} @SecureGateway.limits.`;
  warn(pairsOf(settings, { validation: limits, throttling: limits, messages: limits }), problems);
}

type Limits = Pick<GatewaySettings, 'validation' | 'throttling' | 'messages'>;

function pairsOf({ validation, throttling, messages }: Limits, at: Record<keyof Limits, string>): readonly Pair[] {
  const maxMessageBytes = `${at.validation}maxMessageBytes`;
  return [
    [
      maxMessageBytes,
      validation.maxMessageBytes,
      `${at.throttling}connectionBytesPerSecond`,
      throttling.connectionBytesPerSecond,
      'no message of that size ever passes',
    ],
    [
      maxMessageBytes,
      validation.maxMessageBytes,
      `${at.messages}maxQueuedBytes`,
      messages.maxQueuedBytes,
      'a message of that size that has to wait for a handler closes its connection',
    ],
    [
      'validation.maxKeys',
      validation.maxKeys,
      'validation.maxNodes',
      validation.maxNodes,
      'no object has as many members',
    ],
    [
      `${at.throttling}connection`,
      messagesPerSecond(throttling.connection),
      'throttling.principal',
      messagesPerSecond(throttling.principal),
      'one connection may not send as much as it is allowed, in messages a second',
    ],
  ];
}

function warn(pairs: readonly Pair[], problems: BootProblems): void {
  for (const [name, value, upTo, limit, consequence] of pairs) {
    // Infinity is warned about by itself: whoever wrote it wants no limit there.
    if (value > limit && value !== Infinity)
      problems.warn(name, `is ${value}, and ${upTo} only ${limit}: ${consequence}.`);
  }
}
