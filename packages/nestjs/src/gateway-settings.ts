import {
  type ResolvedAuthenticationOptions,
  resolveAuthenticationOptions,
} from './authentication/authentication.options.js';
import type { OriginRules } from './handshake/origin-policy.js';
import { readOriginRules } from './handshake/origin-rules.js';
import type { BootProblems } from './core/boot-problems.js';
import { OptionReader } from './core/option-reader.js';
import type { ResolvedLifecycleOptions } from './lifecycle/lifecycle.options.js';
import type { ResolvedMessagesOptions } from './messages/messages.options.js';
import type { ResolvedSecureWsOptions } from './resolve-options.js';
import type { ThrottleRule } from './core/rate-windows.js';
import { readRules, type ResolvedThrottlingOptions } from './throttling/throttling.options.js';
import type { ResolvedValidationOptions } from './validation/validation.options.js';

/** What holds for the connections of one path. */
export interface GatewaySettings {
  readonly anonymous: boolean;
  /** `undefined`: those of the module. */
  readonly origins: OriginRules | undefined;
  /** `undefined`: that of the module. */
  readonly authentication: ResolvedAuthenticationOptions | undefined;
  readonly validation: ResolvedValidationOptions;
  readonly throttling: ResolvedThrottlingOptions;
  readonly messages: ResolvedMessagesOptions;
  readonly lifecycle: ResolvedLifecycleOptions;
}

/** The settings of a path without `@SecureGateway`. */
export function defaultSettings(options: ResolvedSecureWsOptions): GatewaySettings {
  const { validation, throttling, messages, lifecycle } = options;
  return Object.freeze({
    anonymous: false,
    origins: undefined,
    authentication: undefined,
    validation,
    throttling,
    messages,
    lifecycle,
  });
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
  const origins = reader.has('origins') ? readOriginRules(reader) : undefined;
  const authentication = reader.has('authentication')
    ? resolveAuthenticationOptions(reader.object('authentication'), options.authentication)
    : undefined;
  const limits = resolveLimits(reader.object('limits'), options);
  reader.finish();
  if (anonymous) problems.warn(reader.path, 'admits connections without an identity.');
  return Object.freeze({ anonymous, origins, authentication, ...limits });
}

type Limits = Pick<GatewaySettings, 'validation' | 'throttling' | 'messages' | 'lifecycle'>;

function resolveLimits(reader: OptionReader, options: ResolvedSecureWsOptions): Limits {
  const { validation, throttling, messages, lifecycle } = options;
  const count = (name: string, fallback: number, max?: number): number => {
    const value = reader.count(name, fallback, max === undefined ? { allowInfinity: true } : { max });
    if (value > fallback)
      reader.problems.warn(reader.pathOf(name), `is ${value}, looser than the module's ${fallback}.`);
    return value;
  };
  const connection = readRules(reader, 'connection', throttling.connection);
  if (messagesPerSecond(connection) > messagesPerSecond(throttling.connection)) {
    reader.problems.warn(reader.pathOf('connection'), "allows more messages than the module's.");
  }
  const limits: Limits = {
    validation: Object.freeze({
      ...validation,
      maxMessageBytes: count('maxMessageBytes', validation.maxMessageBytes, 16 * 1024 * 1024),
    }),
    throttling: Object.freeze({
      ...throttling,
      connection,
      connectionBytesPerSecond: count('connectionBytesPerSecond', throttling.connectionBytesPerSecond),
    }),
    messages: Object.freeze({
      ...messages,
      maxConcurrentHandlers: count('maxConcurrentHandlers', messages.maxConcurrentHandlers, 1000),
      handlerTimeoutMs: count('handlerTimeoutMs', messages.handlerTimeoutMs, 2 ** 31 - 1),
      maxQueuedMessages: count('maxQueuedMessages', messages.maxQueuedMessages, 10_000),
      maxQueuedBytes: count('maxQueuedBytes', messages.maxQueuedBytes, 64 * 1024 * 1024),
      maxStreams: count('maxStreams', messages.maxStreams, 1000),
    }),
    lifecycle: Object.freeze({
      ...lifecycle,
      idleTimeoutMs: count('idleTimeoutMs', lifecycle.idleTimeoutMs),
      maxLifetimeMs: count('maxLifetimeMs', lifecycle.maxLifetimeMs),
      maxOutboundBytes: count('maxOutboundBytes', lifecycle.maxOutboundBytes, 256 * 1024 * 1024),
      maxOutboundMs: count('maxOutboundMs', lifecycle.maxOutboundMs, 2 ** 31 - 1),
    }),
  };
  reader.finish();
  return limits;
}

/** What a client can keep up under all of the rules together. */
export function messagesPerSecond(rules: readonly ThrottleRule[]): number {
  return Math.min(...rules.map(({ limit, ttl }) => (limit / ttl) * 1000));
}
