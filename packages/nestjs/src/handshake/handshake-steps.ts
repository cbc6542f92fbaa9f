import { failureRow } from '../authentication/authentication-failures.js';
import type { WsCredential } from '../authentication/authenticator.js';
import type { Clock } from '../core/clock.js';
import { andThen, type Awaitable, isPromiseLike } from '../core/awaitable.js';
import type { Principal } from '../core/principal.js';
import { isLoopbackAddress } from '../core/address-key.js';
import { parseAuthority } from './authority.js';
import type { ChallengeCheck } from './challenge/challenge-check.js';
import { findClient, isListedProxy, type ProxyRules } from './client-address.js';
import { chooseCredential, type CredentialPlaces } from './credential-choice.js';
import { acceptPrincipal, verifyCredential } from './credential-verification.js';
import type { GatewayGuards } from './guards/gateway-guards.js';
import type { HandshakeContext } from './handshake-context.js';
import type { HandshakeLimits } from './handshake-limits.js';
import type { ResolvedHandshakeOptions } from './handshake.options.js';
import { type HandshakeRefusal, refuse } from './handshake-refusal.js';
import { isHostAllowed } from './host-policy.js';
import { judgeOrigin } from './origin-policy.js';
import { requestPath } from './request-path.js';
import { checkRequestShape } from './request-shape.js';
import { chooseSubprotocol } from './subprotocol.js';
import { checkTransport, isWeakTls } from './transport-policy.js';

/** One check of the handshake. */
export interface HandshakeStep {
  readonly name: string;
  /** Writes its findings into the context, or refuses. Only what has to wait answers with a promise. */
  run(context: HandshakeContext): Awaitable<HandshakeRefusal | undefined>;
}

/** What the steps ask beside the options. */
export interface HandshakeStepParts {
  readonly limits: HandshakeLimits;
  readonly clock: Clock;
  /** Whether the application has booted and is not draining. */
  readonly isReady: () => boolean;
  /** Whether the process is overloaded. */
  readonly isShedding: () => boolean;
  readonly guardsOf: (gateway: object) => GatewayGuards | undefined;
  /** The identity with the rights of now; `undefined` where it may not be connected any more. May throw or reject. */
  readonly rightsOf: (principal: Principal) => Awaitable<Principal | undefined>;
  /** `undefined`: nobody is asked to solve anything. */
  readonly challenge: ChallengeCheck | undefined;
}

/**
 * Puts the checks in their order: the cheap ones before the expensive ones, and nothing that costs cryptography before
 * everything that needs none.
 *
 * `origin` comes before everything that counts by address: any web page can send a foreign Origin from its visitor's
 * browser, and must not use up what the visitor, or the office behind the same NAT, may do.
 */
export function compileHandshakeSteps(
  options: ResolvedHandshakeOptions,
  { limits, clock, isReady, isShedding, guardsOf, rightsOf, challenge }: HandshakeStepParts,
): readonly HandshakeStep[] {
  const fields = options.proxies?.clientCertificate;
  const fieldNames = Object.values(fields ?? {});
  const places = { publicOrigin: options.transport.publicOrigin };
  return [
    {
      name: 'ready',
      run: (context) => {
        if (!isReady()) return refuse('not-ready');
        return isShedding() ? refuseShed() : limits.checkProcess(context);
      },
    },
    { name: 'shape', run: ({ head }) => checkRequestShape(head, options.maxHeaderCount, fieldNames) },
    { name: 'path', run: checkPath },
    { name: 'host', run: (context) => checkHost(context, options) },
    {
      name: 'origin',
      run: (context) => {
        context.origin = judgeOrigin(context.head.origin, context.endpoint.origins ?? options.origins);
        return context.origin.kind === 'denied' ? refuse('origin-not-allowed') : undefined;
      },
    },
    { name: 'client-address', run: (context) => runClientAddress(context, options.proxies) },
    { name: 'address-limits', run: (context) => limits.enter(context, () => peek(context, places)) },
    {
      name: 'transport',
      run: (context) =>
        !options.transport.allowPlaintext && isWeakTls(context.input.socket)
          ? refuse('weak-tls')
          : checkTransport(context, options.transport),
    },
    { name: 'subprotocol', run: runSubprotocol },
    ...(challenge === undefined
      ? []
      : [{ name: 'challenge', run: (context: HandshakeContext) => challenge.check(context) }]),
    { name: 'credentials', run: (context) => limits.charge(context, chooseCredential(context, places)) },
    {
      name: 'verification',
      run: (context) =>
        andThen(verifyCredential(context, clock), (refusal) => {
          if (hasWeight(refusal)) challenge?.onFailure();
          return limits.verified(context, refusal);
        }),
    },
    { name: 'rights', run: (context) => checkRights(context, rightsOf) },
    { name: 'gateway-guards', run: (context) => askGuards(context, guardsOf) },
    {
      name: 'principal-limits',
      run: (context) => {
        if (context.isInvited) return limits.invite(context);
        return context.principal === undefined ? refuse('internal') : limits.join(context, context.principal);
      },
    },
  ];
}

/** How long whoever meets an overload stays away, in milliseconds. */
const SHED_MS = 5000;

/** DR-21: who is sent away together must not come back together. */
function refuseShed(): HandshakeRefusal {
  return refuse('shedding', { retryAfterMs: SHED_MS * (1 + Math.random()), option: 'throttling.shedding' });
}

/** Neither an outage nor a client that has yet to be told the nonce weighs anything. */
function hasWeight(refusal: HandshakeRefusal | undefined): boolean {
  return refusal?.failure !== undefined && failureRow(refusal.failure).weight > 0;
}

function checkPath(context: HandshakeContext): HandshakeRefusal | undefined {
  const path = requestPath(context.head.target);
  if (path === undefined) return refuse('unknown-path');
  const endpoint = context.input.endpointAt(path);
  if (endpoint === undefined) return refuse('unknown-path');
  context.endpoint = endpoint;
  context.path = path;
  return undefined;
}

function checkHost(
  context: HandshakeContext,
  { hosts, proxies }: ResolvedHandshakeOptions,
): HandshakeRefusal | undefined {
  const host = parseAuthority(context.head.host ?? '');
  if (host === undefined) return refuse('bad-host');
  context.host = host;
  // A proxy on this machine makes every client look local. No page can put a forwarding field into a handshake, so whoever
  // rebinds a name to this machine does not pass for the proxy.
  const isForwarded = context.head.hasForwardingField && isListedProxy(context.remoteAddress, proxies);
  const isLocal = (): boolean => isLoopbackAddress(context.localAddress) && !isForwarded;
  return isHostAllowed(host, isLocal, hosts) ? undefined : refuse('host-not-allowed');
}

function runClientAddress(context: HandshakeContext, rules: ProxyRules | undefined): HandshakeRefusal | undefined {
  const { remoteAddress, isEncrypted, head } = context;
  const client = findClient({ remoteAddress, isEncrypted, forwarding: head.forwarding }, rules);
  if (client === undefined) return refuse('bad-forwarding');
  context.clientAddress = client.address;
  context.isEncrypted = client.isEncrypted;
  context.isBehindProxy = client.isBehindProxy;
  context.certificateFields = rules?.clientCertificate;
  if (head.hasForwardingField && !client.isBehindProxy)
    context.input.observer.onForwardingIgnored(client.address, head);
  const field = rules?.clientCertificate?.certificate;
  if (field !== undefined && !client.isBehindProxy && context.input.request.headers[field] !== undefined)
    context.input.observer.onCertificateIgnored(client.address, field);
  return undefined;
}

function runSubprotocol(context: HandshakeContext): HandshakeRefusal | undefined {
  const choice = chooseSubprotocol(context.head.subprotocols, context.endpoint.subprotocols);
  if (choice === undefined) return refuse('bad-subprotocol');
  context.offeredSubprotocols = choice.offered;
  context.subprotocol = choice.selected;
  return undefined;
}

/** A credential that nobody has seen: an address in backoff lets as many of them in as it has verified. */
const LATER: WsCredential = Object.freeze({ scheme: 'bearer', value: '', source: 'message' });

/** Looks ahead, without any cryptography, at the credential that the later steps will find. */
function peek(context: HandshakeContext, places: CredentialPlaces) {
  if ((runSubprotocol(context) ?? chooseCredential(context, places)) !== undefined) return undefined;
  if (context.isInvited) return LATER;
  return context.isAnonymous ? 'none-needed' : context.credential;
}

/** Whoever lost a connection because the account was disabled would else come back at once with the same token (SL-05). */
function checkRights(
  context: HandshakeContext,
  rightsOf: HandshakeStepParts['rightsOf'],
): Awaitable<HandshakeRefusal | undefined> {
  const { principal } = context;
  if (principal === undefined) return undefined;
  // Not charged to the address: the credential is a real one, and no guess.
  const conclude = (now: Principal | undefined): HandshakeRefusal | undefined =>
    now === undefined ? refuse('unauthenticated', { failure: 'revoked' }) : acceptPrincipal(context, now);
  const unknown = (cause: unknown): HandshakeRefusal =>
    refuse('authenticator-unavailable', { failure: 'unavailable', cause });
  try {
    const rights = rightsOf(principal);
    return isPromiseLike(rights) ? rights.then(conclude, unknown) : conclude(rights);
  } catch (cause) {
    return unknown(cause);
  }
}

function askGuards(
  context: HandshakeContext,
  guardsOf: HandshakeStepParts['guardsOf'],
): Awaitable<HandshakeRefusal | undefined> {
  // Asked once it is known who it is.
  if (context.isInvited) return undefined;
  // Every gateway of the path will be handed the connection, so every one of them is asked.
  const all = context.endpoint.gateways.map(guardsOf).filter((guards) => guards !== undefined);
  return all.length === 0 ? undefined : askInTurn(context, all);
}

async function askInTurn(
  context: HandshakeContext,
  all: readonly GatewayGuards[],
): Promise<HandshakeRefusal | undefined> {
  for (const guards of all) {
    const verdict = await guards.ask(context.input.request);
    if (!verdict.passed) return refuse('guard', verdict.cause === undefined ? undefined : { cause: verdict.cause });
    context.fields = [...context.fields, ...verdict.fields];
  }
  return undefined;
}
