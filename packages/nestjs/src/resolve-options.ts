import { resolveAlertsOptions } from './alerts/alerts.options.js';
import {
  type ResolvedAuthenticationOptions,
  resolveAuthenticationOptions,
} from './authentication/authentication.options.js';
import { resolveAuthorizationOptions } from './authorization/authorization.options.js';
import { BootProblems } from './core/boot-problems.js';
import { isPlainObject, OptionReader } from './core/option-reader.js';
import { resolveEventsOptions } from './events/events.options.js';
import { type ResolvedHandshakeOptions, resolveHandshakeOptions } from './handshake/handshake.options.js';
import { readTrustedProxies } from './handshake/trusted-proxies.js';
import { resolveLifecycleOptions } from './lifecycle/lifecycle.options.js';
import { resolveMessagesOptions } from './messages/messages.options.js';
import { resolveMigrationOptions } from './migration.options.js';
import { resolveOutputOptions } from './output/output.options.js';
import { resolvePolicyLockOptions } from './policy-lock/policy-lock.options.js';
import { resolveStoreOptions } from './store/store.options.js';
import { resolveThrottlingOptions } from './throttling/throttling.options.js';
import { resolveValidationOptions } from './validation/validation.options.js';

/** The options with every default filled, frozen. */
export type ResolvedSecureWsOptions = Readonly<ReturnType<typeof resolveAll>>;

/** What the resolved options are injected by. */
export const RESOLVED_OPTIONS = Symbol('secure-ws resolved options');

/**
 * Checks the user's options and fills the defaults (DP-02). Never throws: what is wrong goes to `problems`, so that one
 * error can list it together with what the gateways leave open.
 */
export function resolveOptions(options: unknown, problems: BootProblems): ResolvedSecureWsOptions {
  const reader = new OptionReader(options ?? {}, '', problems);
  const resolved = resolveAll(reader);
  if (resolved.detailedErrors && process.env['NODE_ENV'] === 'production') {
    reader.fail('detailedErrors', 'is for development, and NODE_ENV is production.', 'remove detailedErrors');
  } else if (resolved.detailedErrors) {
    problems.warn(
      'detailedErrors',
      'is on: answers tell clients which events exist, and what validators and exceptions say.',
    );
  }
  reader.finish();
  return Object.freeze(resolved);
}

function resolveAll(reader: OptionReader) {
  const adapter = reader.boolean('adapter', true);
  if (!adapter) refuseWithoutAdapter(reader);
  const resolved = {
    handshake: adapter ? resolveHandshakeOptions(reader.object('handshake')) : handshakeOfAnother(reader),
    authentication: resolveAuthenticationOptions(reader.object('authentication')),
    authorization: resolveAuthorizationOptions(reader.object('authorization')),
    validation: resolveValidationOptions(reader.object('validation')),
    throttling: resolveThrottlingOptions(reader.object('throttling')),
    messages: resolveMessagesOptions(reader.object('messages')),
    output: resolveOutputOptions(reader.object('output')),
    lifecycle: resolveLifecycleOptions(reader.object('lifecycle')),
    events: resolveEventsOptions(reader.object('events')),
    alerts: resolveAlertsOptions(reader),
    store: resolveStoreOptions(reader.object('store')),
    migration: resolveMigrationOptions(reader.object('migration'), Date.now()),
    policyLock: resolvePolicyLockOptions(reader),
    /** Whether the module installs its adapter. */
    adapter,
    detailedErrors: reader.boolean('detailedErrors', false),
  };
  if (adapter) checkProofAddress(reader, resolved.authentication, resolved.handshake);
  const { tickets } = resolved.authentication;
  if (resolved.store.shared !== undefined && tickets !== undefined && tickets.keys === undefined) {
    reader.fail(
      'authentication.tickets.secret',
      'is missing: whoever can write to the shared store could make a ticket for anybody, and no other node could read one.',
      'authentication: { tickets: { secret: process.env.TICKET_SECRET } } // at least 32 random bytes',
    );
  }
  return resolved;
}

/**
 * A DPoP proof is for one address (RFC 9449 section 4.3). Where every `Host` passes for ours, whoever gets a proof that was
 * made for a server of theirs sends it here, with the name of that server.
 *
 * @param reader of the level that has `authentication`.
 */
export function checkProofAddress(
  reader: OptionReader,
  { dpop }: Pick<ResolvedAuthenticationOptions, 'dpop'>,
  { hosts: { hosts, publicHost }, transport }: ResolvedHandshakeOptions,
): void {
  if (dpop === undefined || hosts !== undefined || publicHost !== undefined) return;
  if (!transport.isProduction) {
    reader.warn(
      'authentication.dpop',
      'takes proofs for any address; in production the boot stops without handshake.publicUrl or hosts.',
    );
    return;
  }
  const problem = 'takes proofs for any address: in production the host of this server must be known.';
  reader.fail('authentication.dpop', problem, "handshake.publicUrl: 'wss://chat.example.com'");
}

/** What another adapter decides for itself: the options for it would be ignored. */
const NEEDS_ADAPTER: readonly (readonly [level: string, ...options: string[]])[] = [
  ['lifecycle'],
  ['messages'],
  ['validation', 'maxFragments', 'messageTimeoutMs'],
  ['authentication', 'session', 'tickets', 'dpop', 'clientCertificate'],
  ['events', 'onSinkFailure'],
];

/** Nobody is asked for it where it is another adapter's. */
const NO_HANDSHAKE = { origins: [], trustedProxies: 'none' };

const NO_EFFECT = 'has no effect with `adapter: false`: connections are those of another adapter.';

/** Of the handshake of another adapter only the proxies count: messages are limited by the address of who is behind them. */
function handshakeOfAnother(reader: OptionReader): ResolvedHandshakeOptions {
  const given = reader.raw('handshake');
  const level = reader.object('handshake');
  const refuse = (name: string): undefined => level.fail(name, NO_EFFECT, `remove handshake.${name}, and set it there`);
  for (const name of isPlainObject(given) ? Object.keys(given) : []) if (name !== 'trustedProxies') refuse(name);
  const trustedProxies = level.raw('trustedProxies');
  if (isPlainObject(trustedProxies) && Object.hasOwn(trustedProxies, 'clientCertificate')) {
    refuse('trustedProxies.clientCertificate');
  }
  const proxies = trustedProxies === undefined ? undefined : readTrustedProxies(level, false);
  const areProxiesUndecided = trustedProxies === undefined;
  return { ...resolveHandshakeOptions(levelOf(NO_HANDSHAKE, 'handshake')), proxies, areProxiesUndecided };
}

function refuseWithoutAdapter(reader: OptionReader): void {
  for (const [name, ...options] of NEEDS_ADAPTER) {
    const level = levelOf(reader.raw(name), name);
    if (options.length === 0 && reader.has(name)) reader.fail(name, NO_EFFECT, `remove ${name}, and set it there`);
    for (const option of options.filter((each) => level.has(each))) {
      reader.fail(`${name}.${option}`, NO_EFFECT, `remove ${name}.${option}`);
    }
  }
}

/** A level whose problems are told elsewhere, or nowhere. */
function levelOf(value: unknown, path: string): OptionReader {
  return new OptionReader(value, path, new BootProblems());
}
