import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { describe, expect, it } from 'vitest';
import type { WsCredential, WsHandshakeFacts } from '../authenticator.js';
import type { DpopProofs } from './dpop-proofs.js';
import { SenderConstraints } from './sender-constraints.js';

const bearer: WsCredential = { scheme: 'bearer', value: 'a.b.c', source: 'authorization' };
const dpop: WsCredential = {
  ...bearer,
  scheme: 'dpop',
  proof: { jwt: 'p', url: 'https://chat.example.com/chat' },
};
const request = { socket: new Socket() } as IncomingMessage;
const facts = (certificateThumbprint?: string): WsHandshakeFacts => ({
  origin: undefined,
  clientAddress: '192.0.2.1',
  certificateThumbprint,
});

/** Notes what it is asked to check. */
class Proofs {
  readonly checked: unknown[] = [];

  constructor(readonly isRequired = false) {}

  check(...asked: unknown[]): Promise<void> {
    this.checked.push(asked);
    return Promise.resolve();
  }
}

/** How a sender is judged: `ok`, or the word that he is refused with. */
function judge(
  cnf: unknown,
  {
    credential = bearer,
    proofs,
    known = facts(),
  }: Partial<Record<'known', WsHandshakeFacts | undefined>> & {
    readonly credential?: WsCredential;
    readonly proofs?: Proofs | undefined;
  } = {},
): unknown {
  try {
    const answer = new SenderConstraints(proofs as unknown as DpopProofs | undefined).check(
      cnf,
      credential,
      request,
      known,
    );
    return answer === undefined ? 'ok' : 'waits';
  } catch (error) {
    return (error as { readonly failure?: unknown }).failure;
  }
}

describe('SenderConstraints', () => {
  it('AN-06 takes DPoP tokens only where proofs are checked, and bearer tokens always', () => {
    const [without, having] = [new SenderConstraints(), new SenderConstraints(new Proofs() as never)];
    expect([bearer, dpop, { ...bearer, scheme: 'ticket' }].map((one) => without.accepts(one))).toEqual([
      true,
      false,
      false,
    ]);
    expect([bearer, dpop, { ...bearer, scheme: 'ticket' }].map((one) => having.accepts(one))).toEqual([
      true,
      true,
      false,
    ]);
  });

  it.each<[string, Parameters<typeof judge>, string]>([
    ['an unbound token as it is', [undefined], 'ok'],
    ['an unbound token where proofs are checked', [undefined, { proofs: new Proofs() }], 'ok'],
    ['an unbound token where a proof is required', [undefined, { proofs: new Proofs(true) }], 'missing-proof'],
    ['a proof for an unbound token', [undefined, { credential: dpop, proofs: new Proofs() }], 'bad-proof'],
    ['a confirmation that is a text', ['x'], 'bad-claims'],
    ['a confirmation that is null', [null], 'bad-claims'],
    ['an empty confirmation', [{}], 'bad-claims'],
    ['a confirmation that nobody knows', [{ kid: 'k' }], 'bad-claims'],
    [
      'one that nobody knows beside a key',
      [
        { jkt: 'k', kid: 'k' },
        { credential: dpop, proofs: new Proofs() },
      ],
      'bad-claims',
    ],
    ['the certificate that it is bound to', [{ 'x5t#S256': 't' }, { known: facts('t') }], 'ok'],
    ['another certificate', [{ 'x5t#S256': 't' }, { known: facts('u') }], 'bad-certificate'],
    ['no certificate', [{ 'x5t#S256': 't' }], 'bad-certificate'],
    ['no certificate on another adapter', [{ 'x5t#S256': 't' }, { known: undefined }], 'bad-certificate'],
    [
      'a proof for a token that is bound to a certificate',
      [{ 'x5t#S256': 't' }, { known: facts('t'), credential: dpop, proofs: new Proofs() }],
      'bad-proof',
    ],
    ['a token that is bound to a key, as a bearer token', [{ jkt: 'k' }, { proofs: new Proofs() }], 'missing-proof'],
    [
      'one with a proof as a bearer token',
      [{ jkt: 'k' }, { proofs: new Proofs(), credential: { ...dpop, scheme: 'bearer' } }],
      'missing-proof',
    ],
    [
      'one without its proof',
      [{ jkt: 'k' }, { proofs: new Proofs(), credential: { ...bearer, scheme: 'dpop' } }],
      'missing-proof',
    ],
    ['one where nobody checks proofs', [{ jkt: 'k' }, { credential: dpop }], 'missing-proof'],
    ['one whose key is a number', [{ jkt: 1 }, { credential: dpop, proofs: new Proofs() }], 'missing-proof'],
    ['one with its proof', [{ jkt: 'k' }, { credential: dpop, proofs: new Proofs() }], 'waits'],
    [
      'one that is bound to both, with both',
      [
        { jkt: 'k', 'x5t#S256': 't' },
        { credential: dpop, proofs: new Proofs(), known: facts('t') },
      ],
      'waits',
    ],
    [
      'one that is bound to both, with another certificate',
      [
        { jkt: 'k', 'x5t#S256': 't' },
        { credential: dpop, proofs: new Proofs(), known: facts('u') },
      ],
      'bad-certificate',
    ],
  ])('AN-06 judges %s', (_, asked, outcome) => {
    expect(judge(...asked)).toBe(outcome);
  });

  it('AN-06 has the proof checked against the token and its key', () => {
    const proofs = new Proofs();
    judge({ jkt: 'k' }, { credential: dpop, proofs });
    expect(proofs.checked).toEqual([[dpop.proof, 'a.b.c', 'k']]);
  });

  it('TR-04 reads the certificate from the socket where the handshake is another adapter’s', () => {
    const raw = Buffer.from('certificate');
    const socket = Object.assign(new TLSSocket(new Socket()), { getPeerX509Certificate: () => ({ raw }) });
    const thumbprint = createHash('sha256').update(raw).digest('base64url');
    const ask = (cnf: object) => () =>
      new SenderConstraints().check(cnf, bearer, { socket } as unknown as IncomingMessage, undefined);
    expect(ask({ 'x5t#S256': thumbprint })).not.toThrow();
    expect(ask({ 'x5t#S256': `${thumbprint}A` })).toThrow('bad-certificate');
    Object.assign(socket, { getPeerX509Certificate: () => undefined });
    expect(ask({ 'x5t#S256': thumbprint })).toThrow('bad-certificate');
  });
});
