import { isLoopbackAddress, parseAuthority, plainAddress } from './authority.js';
import type { HandshakeContext } from './handshake-context.js';
import { chooseCredential } from './credential-choice.js';
import type { ResolvedHandshakeOptions } from './handshake.options.js';
import { type HandshakeRefusal, refuse } from './handshake-refusal.js';
import { isHostAllowed } from './host-policy.js';
import { judgeOrigin } from './origin-policy.js';
import { requestPath } from './request-path.js';
import { checkRequestShape } from './request-shape.js';
import { chooseSubprotocol } from './subprotocol.js';
import { checkTransport } from './transport-policy.js';
import type { WsAuthenticator } from '../authentication/authenticator.js';

/** The names of the steps that need no waiting. */
export type HandshakeStepName =
  'ready' | 'shape' | 'path' | 'host' | 'origin' | 'client-address' | 'transport' | 'subprotocol' | 'credentials';

/** One check of the handshake. */
export interface HandshakeStep {
  readonly name: HandshakeStepName;
  /** Writes its findings into the context, or refuses. */
  run(context: HandshakeContext): HandshakeRefusal | undefined;
}

/** What the first step asks on each handshake. */
export interface HandshakeState {
  /** Whether the application has booted and is not draining. */
  readonly isReady: () => boolean;
  /** How many handshakes wait at the moment. */
  readonly pending: () => number;
}

/**
 * Puts the checks in their order: the cheap ones before the dear ones, and nothing that costs cryptography before
 * everything that needs none.
 *
 * The verification of the credential, which waits, follows them in `WsHandshakeGuard`.
 */
export function compileHandshakeSteps(
  options: ResolvedHandshakeOptions,
  authenticators: readonly WsAuthenticator[],
  state: HandshakeState,
): readonly HandshakeStep[] {
  return [
    {
      name: 'ready',
      run: () => {
        if (!state.isReady()) return refuse('not-ready');
        return state.pending() < options.maxPending ? undefined : refuse('overloaded');
      },
    },
    { name: 'shape', run: ({ head }) => checkRequestShape(head, options.maxHeaderCount) },
    { name: 'path', run: runPath },
    {
      name: 'host',
      run: (context) => {
        const host = parseAuthority(context.head.host ?? '');
        if (host === undefined) return refuse('bad-host');
        context.host = host;
        const isLocal = isLoopbackAddress(context.localAddress);
        return isHostAllowed(host, isLocal, options.hosts) ? undefined : refuse('host-not-allowed');
      },
    },
    {
      name: 'origin',
      run: (context) => {
        context.origin = judgeOrigin(context.head.origin, options.origins);
        return context.origin.kind === 'denied' ? refuse('origin-not-allowed') : undefined;
      },
    },
    { name: 'client-address', run: runClientAddress },
    { name: 'transport', run: (context) => checkTransport(context, options.transport) },
    { name: 'subprotocol', run: runSubprotocol },
    { name: 'credentials', run: (context) => chooseCredential(context, authenticators) },
  ];
}

function runPath(context: HandshakeContext): HandshakeRefusal | undefined {
  const path = requestPath(context.head.target);
  if (path === undefined || !context.input.isPath(path)) return refuse('unknown-path');
  context.path = path;
  return undefined;
}

function runClientAddress(context: HandshakeContext): undefined {
  context.clientAddress = context.remoteAddress === undefined ? '' : plainAddress(context.remoteAddress);
}

function runSubprotocol(context: HandshakeContext): HandshakeRefusal | undefined {
  const choice = chooseSubprotocol(context.head.subprotocols);
  if (choice === undefined) return refuse('bad-subprotocol');
  context.offeredSubprotocols = choice.offered;
  context.subprotocol = choice.selected;
  return undefined;
}
