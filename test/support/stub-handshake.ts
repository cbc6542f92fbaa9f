import { SUBPROTOCOLS } from '@secure-ws/protocol';
import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { RevokedCertificates } from '../../packages/nestjs/src/authentication/client-certificate/revoked-certificates.js';
import { AuthenticatorBlock } from '../../packages/nestjs/src/authentication/authenticator-block.js';
import { WsAuthenticator, type WsCredential } from '../../packages/nestjs/src/authentication/authenticator.js';
import { makePrincipal, type Principal } from '../../packages/nestjs/src/core/principal.js';
import type { GatewayGuards } from '../../packages/nestjs/src/handshake/guards/gateway-guards.js';
import type {
  HandshakeDecision,
  HandshakeEndpoint,
  HandshakeMeasure,
  HandshakeObserver,
  MetLimit,
} from '../../packages/nestjs/src/handshake/handshake-context.js';
import {
  type HandshakeOptions,
  resolveHandshakeOptions,
} from '../../packages/nestjs/src/handshake/handshake.options.js';
import {
  WsHandshakeGuard,
  type WsHandshakeGuardParts,
} from '../../packages/nestjs/src/handshake/ws-handshake.guard.js';
import { BootProblems } from '../../packages/nestjs/src/core/boot-problems.js';
import { OptionReader } from '../../packages/nestjs/src/core/option-reader.js';
import { MemoryStore } from '../../packages/nestjs/src/store/memory.store.js';
import type { SecureWsStore } from '../../packages/nestjs/src/store/secure-ws.store.js';
import { FakeClock } from './fake-clock.js';

/** The origin that these handshakes allow, and come from. */
export const ORIGIN = 'https://app.example.com';

/** Whom a {@link StubAuthenticator} finds, unless it is told otherwise. */
export const ALICE = makePrincipal(
  { issuer: 'https://id.example.com', id: 'alice' },
  { block: 'authenticators[0]', kind: 'jwt', now: 0 },
);

/** What a {@link StubAuthenticator} does. */
export type Authenticate = (credential: WsCredential, request: IncomingMessage) => Promise<Principal>;

/** Accepts every bearer token, and remembers what it was asked to verify. */
export class StubAuthenticator extends WsAuthenticator {
  override readonly kind = 'jwt';

  readonly seen: WsCredential[] = [];

  constructor(private readonly verify: Authenticate = () => Promise.resolve(ALICE)) {
    super();
  }

  override accepts(credential: WsCredential): boolean {
    return credential.scheme === 'bearer';
  }

  override authenticate(credential: WsCredential, request: IncomingMessage): Promise<Principal> {
    this.seen.push(credential);
    return this.verify(credential, request);
  }
}

/** What differs from a good request: `undefined` leaves a field out, a list repeats it. */
export interface RequestChange {
  readonly url?: string;
  readonly method?: string;
  readonly encrypted?: boolean;
  readonly socket?: Socket;
  readonly fields?: Readonly<Record<string, string | readonly string[] | undefined>>;
}

const GOOD_FIELDS: NonNullable<RequestChange['fields']> = {
  Host: 'chat.example.com',
  Upgrade: 'websocket',
  Connection: 'Upgrade',
  'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Version': '13',
  Origin: ORIGIN,
  Authorization: 'Bearer a.b.c',
};

function requestOf({
  url = '/chat',
  method = 'GET',
  encrypted = true,
  fields = {},
  socket: given,
}: RequestChange): IncomingMessage {
  const socket = Object.assign(given ?? new Socket(), { encrypted });
  if (!Object.hasOwn(socket, 'remoteAddress')) {
    Object.defineProperty(socket, 'remoteAddress', { value: '::ffff:203.0.113.9' });
  }
  if (!Object.hasOwn(socket, 'localAddress')) {
    Object.defineProperty(socket, 'localAddress', { value: '::ffff:10.0.0.2' });
  }
  const request = new IncomingMessage(socket);
  request.method = method;
  request.url = url;
  request.httpVersion = '1.1';
  for (const [name, value] of Object.entries({ ...GOOD_FIELDS, ...fields })) {
    for (const item of value === undefined ? [] : typeof value === 'string' ? [value] : value) {
      request.rawHeaders.push(name, item);
      // Node makes them of what its parser has read.
      request.headers[name.toLowerCase()] ??= item;
    }
  }
  return request;
}

/** What differs from the usual guard. */
export interface GuardSetup {
  readonly options?: Partial<HandshakeOptions>;
  readonly authenticators?: readonly WsAuthenticator[];
  readonly isReady?: () => boolean;
  readonly guards?: GatewayGuards;
  readonly parts?: Partial<Pick<WsHandshakeGuardParts, 'onAttack' | 'rightsOf' | 'isShedding'>>;
  readonly endpoint?: Partial<HandshakeEndpoint>;
  readonly observation?: HandshakeMeasure;
}

/** The gateway at `/chat`. */
export const GATEWAY = class ChatGateway {};

/** Rates that no test reaches by accident. */
export const ROOMY_LIMITS = {
  ratePerAddress: { limit: 10_000, ttl: 1_000 },
  ratePerPrincipal: { limit: 10_000, ttl: 1_000 },
};

/** A guard with what it needs, and what a test looks at. */
export interface StubHandshake {
  readonly guard: WsHandshakeGuard;
  readonly clock: FakeClock;
  readonly store: SecureWsStore;
  /** The limits that were met. */
  readonly met: readonly MetLimit[];
  /** The peers whose forwarding fields were not believed. */
  readonly unlisted: readonly string[];
  readonly decide: (change?: RequestChange) => HandshakeDecision | Promise<HandshakeDecision>;
}

/**
 * Makes a guard for the specs of `handshake/`; not exported from the package.
 *
 * @throws Error where the options are wrong.
 */
export function setUpHandshake({
  options,
  authenticators = [new StubAuthenticator()],
  isReady = () => true,
  guards,
  parts,
  endpoint: ownEndpoint,
  observation,
}: GuardSetup = {}): StubHandshake {
  const boot = new BootProblems();
  const reader = new OptionReader({ origins: [ORIGIN], limits: ROOMY_LIMITS, ...options }, 'handshake', boot);
  const clock = new FakeClock();
  const store: SecureWsStore = new MemoryStore(clock, { maxKeys: 1_000 });
  const guard = new WsHandshakeGuard({
    options: resolveHandshakeOptions(reader, {}),
    isReady,
    isShedding: () => false,
    clock,
    store,
    onReplaced: () => undefined,
    penalty: { of: () => undefined, spread: (delayMs) => delayMs },
    challengeVerifier: () => {
      throw new Error('No challenge is asked for here.');
    },
    rightsOf: (principal) => principal,
    onAttack: () => undefined,
    ...parts,
  });
  const [problem] = boot.problems;
  if (problem !== undefined) throw new Error(`${problem.where} ${problem.problem}`);
  if (guards !== undefined) guard.setGatewayGuards(GATEWAY, guards);
  const met: MetLimit[] = [];
  const unlisted: string[] = [];
  const observer: HandshakeObserver = {
    onLimit: (limit) => met.push(limit),
    onForwardingIgnored: (address) => unlisted.push(address),
    onCertificateIgnored: (address) => unlisted.push(address),
  };
  const endpoint: HandshakeEndpoint = {
    gateways: [GATEWAY],
    subprotocols: SUBPROTOCOLS,
    authenticators: authenticators.map((one, index) => new AuthenticatorBlock(one, `authenticators[${index}]`, clock)),
    revokedCertificates: new RevokedCertificates(),
    admitsAnonymous: false,
    admitsFirstMessage: false,
    ...ownEndpoint,
  };
  const endpointAt = (path: string): HandshakeEndpoint | undefined => (path === '/chat' ? endpoint : undefined);
  const decide = (change: RequestChange = {}): HandshakeDecision | Promise<HandshakeDecision> => {
    const request = requestOf(change);
    return guard.decide({ request, socket: request.socket, endpointAt, observer, observation });
  };
  return { guard, clock, store, met, unlisted, decide };
}
