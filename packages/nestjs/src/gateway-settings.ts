import {
  type ResolvedAuthenticationOptions,
  resolveAuthenticationOptions,
} from './authentication/authentication.options.js';
import type { BootProblems } from './core/boot-problems.js';
import { MAX_TIMER_MS, OptionReader } from './core/option-reader.js';
import type { ThrottleRule } from './core/rate-windows.js';
import type { OriginRules } from './handshake/origin-policy.js';
import { readOriginRules } from './handshake/origin-rules.js';
import { readSubprotocols, type ResolvedSubprotocol } from './handshake/subprotocols.options.js';
import { checkProofAddress, type ResolvedSecureWsOptions } from './resolve-options.js';
import { readRules } from './throttling/throttling.options.js';

/** The options of the module that may differ for the connections of one path. */
export type PathLimits = Pick<ResolvedSecureWsOptions, 'validation' | 'throttling' | 'messages' | 'lifecycle'>;

/** What holds for the connections of one path. */
export interface GatewaySettings extends PathLimits {
  readonly anonymous: boolean;
  readonly firstMessage: boolean;
  /** What it speaks besides the module's own subprotocols. */
  readonly subprotocols: readonly ResolvedSubprotocol[];
  /** These two are those of the module where they are `undefined`. */
  readonly origins: OriginRules | undefined;
  readonly authentication: ResolvedAuthenticationOptions | undefined;
}

/** The settings of a path without `@SecureGateway`. */
export function defaultSettings({ validation, throttling, messages, lifecycle }: PathLimits): GatewaySettings {
  const own = {
    anonymous: false,
    firstMessage: false,
    subprotocols: [],
    origins: undefined,
    authentication: undefined,
  };
  return Object.freeze({ ...own, validation, throttling, messages, lifecycle });
}

/** Reads the options of a `@SecureGateway` on top of the module's. Problems go to `problems`. */
export function resolveGatewaySettings(
  user: unknown,
  gateway: string,
  options: ResolvedSecureWsOptions,
  problems: BootProblems,
): GatewaySettings {
  const reader = new OptionReader(user, `${gateway} @SecureGateway`, problems);
  const anonymous = reader.boolean('anonymous', false);
  const firstMessage = reader.boolean('firstMessage', false);
  if (anonymous && firstMessage) {
    const problem = 'is on beside anonymous: a client without a credential would be let in either way.';
    reader.fail('firstMessage', problem, 'keep one of the two, or give each a gateway of its own');
  }
  const subprotocols = readSubprotocols(reader);
  const origins = reader.has('origins') ? readOriginRules(reader) : undefined;
  const authentication = reader.has('authentication')
    ? resolveAuthenticationOptions(reader.object('authentication'), options.authentication)
    : undefined;
  if (firstMessage && !readsMessages(authentication ?? options.authentication)) {
    const problem = 'is on, but nothing in authentication is verified from a message: jwt, oauth and tickets are.';
    reader.fail('firstMessage', problem, 'set authentication.tickets to {}, or remove firstMessage');
  }
  if (authentication !== undefined) {
    checkProofAddress(reader, authentication, options.handshake);
    warnOfPlainTokens(reader, authentication, options.authentication);
  }
  const limits = resolveLimits(reader.object('limits'), options);
  reader.finish();
  if (anonymous) problems.warn(reader.path, 'admits connections without an identity.');
  return Object.freeze({ anonymous, firstMessage, subprotocols, origins, authentication, ...limits });
}

/** Whether a first message could ever be accepted. What an authenticator of the application takes, nobody knows here. */
function readsMessages({ jwt, oauth, tickets, authenticators }: ResolvedAuthenticationOptions): boolean {
  return jwt.length + oauth.length + authenticators.length > 0 || tickets !== undefined;
}

/** Its authentication takes the place of the module's as a whole: what is left out does not hold. */
function warnOfPlainTokens(
  reader: OptionReader,
  { jwt, oauth, dpop }: ResolvedAuthenticationOptions,
  module: ResolvedAuthenticationOptions,
): void {
  if (module.dpop?.required !== true || dpop?.required === true || jwt.length + oauth.length === 0) return;
  const path = `${reader.pathOf('authentication')}.dpop`;
  reader.problems.warn(
    path,
    'takes tokens that are bound to nothing, which the module refuses. Set required: true here, too.',
  );
}

function resolveLimits(reader: OptionReader, options: PathLimits): PathLimits {
  const connection = readRules(reader, 'connection', options.throttling.connection, options.throttling.mode);
  if (messagesPerSecond(connection) > messagesPerSecond(options.throttling.connection)) {
    reader.problems.warn(reader.pathOf('connection'), "allows more messages than the module's.");
  }
  const limits: PathLimits = {
    validation: readLimits(reader, options.validation, { maxMessageBytes: 16 * 1024 * 1024 }),
    throttling: readLimits(reader, { ...options.throttling, connection }, { connectionBytesPerSecond: Infinity }),
    messages: readLimits(reader, options.messages, {
      maxConcurrentHandlers: 1000,
      handlerTimeoutMs: MAX_TIMER_MS,
      maxQueuedMessages: 10_000,
      maxQueuedBytes: 64 * 1024 * 1024,
      maxStreams: 1000,
    }),
    lifecycle: readLimits(reader, options.lifecycle, {
      idleTimeoutMs: Infinity,
      maxLifetimeMs: Infinity,
      maxOutboundBytes: 256 * 1024 * 1024,
      maxOutboundMs: MAX_TIMER_MS,
    }),
  };
  reader.finish();
  return limits;
}

/**
 * Reads limits of one section, in place of the module's.
 *
 * @param upTo the most that each may be; `Infinity` where there may be no limit.
 */
function readLimits<Section extends object>(
  reader: OptionReader,
  section: Section,
  upTo: Partial<Record<keyof Section, number>>,
): Readonly<Section> {
  const limits = { ...section } as Record<string, unknown>;
  for (const [name, max] of Object.entries<number>(upTo as Record<string, number>)) {
    const fallback = limits[name] as number;
    const value = reader.count(name, fallback, max === Infinity ? { allowInfinity: true } : { max });
    if (value > fallback) {
      reader.problems.warn(reader.pathOf(name), `is ${value}, looser than the module's ${fallback}.`);
    }
    limits[name] = value;
  }
  return Object.freeze(limits) as Section;
}

/** What a client can keep up under all of the rules together. */
export function messagesPerSecond(rules: readonly ThrottleRule[]): number {
  return Math.min(...rules.map(({ limit, ttl }) => (limit / ttl) * 1000));
}
