import { createSecretKey, randomBytes, X509Certificate } from 'node:crypto';
import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { beforeAll, describe, expect, it } from 'vitest';
import { CertificateAuthority } from '../../../../test/support/certificate-authority.js';
import { AuthenticatorBlock } from '../authentication/authenticator-block.js';
import {
  DpopNonceRequiredError,
  WsAuthenticator,
  type WsCredential,
  type WsHandshakeFacts,
} from '../authentication/authenticator.js';
import { ClientCertificateAuthenticator } from '../authentication/client-certificate/client-certificate.authenticator.js';
import {
  certificateName,
  certificateThumbprint,
  plainFingerprint,
} from '../authentication/client-certificate/client-certificate.js';
import { RevokedCertificates } from '../authentication/client-certificate/revoked-certificates.js';
import { WsCsrfTokens } from '../authentication/csrf-tokens.js';
import { FakeClock } from '../testing/fake-clock.js';
import { chooseCredential } from './credential-choice.js';
import { verifyCredential } from './credential-verification.js';
import { HandshakeContext } from './handshake-context.js';
import { readRequestHead } from './request-head.js';

const clock = new FakeClock(Date.now());
const csrfKeys = [createSecretKey(randomBytes(32))];
let certificate: X509Certificate;

beforeAll(async () => {
  const authority = await CertificateAuthority.create();
  certificate = new X509Certificate((await authority.issue({})).cert);
});

/** Takes every token for that of whom it names, and notes what it knows of the handshake. */
class Tokens extends WsAuthenticator {
  override readonly kind = 'jwt';
  readonly seen: [WsCredential, string | undefined][] = [];
  nonce: string | undefined;

  override accepts({ scheme }: WsCredential): boolean {
    return scheme === 'bearer' || scheme === 'dpop';
  }

  override authenticate(credential: WsCredential, _: IncomingMessage, facts?: WsHandshakeFacts) {
    if (this.nonce !== undefined) throw new DpopNonceRequiredError(this.nonce);
    this.seen.push([credential, facts?.certificateThumbprint]);
    return { issuer: 'https://id.example.com', id: credential.value };
  }
}

interface Case {
  readonly clients?: 'programs' | 'browsers';
  readonly field?: string | false;
  readonly origin?: 'allowed' | 'absent';
  readonly authorization?: string;
  readonly dpop?: string;
  readonly subprotocols?: readonly string[];
  readonly isRevoked?: boolean;
  readonly admitsFirstMessage?: boolean;
  readonly issuer?: string;
  readonly nonce?: string;
  readonly host?: string;
  readonly isEncrypted?: boolean;
  readonly publicOrigin?: string;
}

/** One handshake behind a proxy that passes the certificate of its client on. */
async function decide({ clients = 'programs', origin = 'absent', subprotocols = [], issuer, ...more }: Case = {}) {
  const tokens = Object.assign(new Tokens(), { nonce: more.nonce });
  const revoked = new RevokedCertificates();
  const name = certificateName(certificate.issuer, certificate.serialNumber);
  if (more.isRevoked === true) revoked.replace(new Set([name]));
  const identity = { id: 'alice', ...(issuer !== undefined && { issuer }) };
  const fingerprints = new Map([[plainFingerprint(certificate.fingerprint256), identity]]);
  const devices = new ClientCertificateAuthenticator(
    { clients, fingerprints, mapper: undefined, csrfKeys },
    { mapper: undefined, revoked, clock },
  );
  const request = new IncomingMessage(new Socket());
  const fields = { Host: more.host ?? 'chat.example.com', Authorization: more.authorization, DPoP: more.dpop };
  for (const [field, value] of Object.entries(fields)) if (value !== undefined) request.rawHeaders.push(field, value);
  const { field = certificate.raw.toString('base64') } = more;
  if (field !== false) request.headers['x-cert'] = field;
  request.headers['x-verify'] = 'SUCCESS';
  const observer = { onLimit() {}, onForwardingIgnored() {}, onCertificateIgnored() {} };
  const input = { request, socket: request.socket, endpointAt: () => undefined, observer };
  const context = new HandshakeContext(input, readRequestHead(request));
  Object.assign(context, {
    isBehindProxy: true,
    certificateFields: { certificate: 'x-cert', verified: 'x-verify' },
    isEncrypted: more.isEncrypted ?? true,
    path: '/chat',
    origin: origin === 'absent' ? { kind: origin } : { kind: origin, origin: undefined, text: 'https://app' },
    offeredSubprotocols: ['secure-ws.v1', ...subprotocols],
    endpoint: {
      ...{ gateways: [], subprotocols: [], admitsAnonymous: false },
      authenticators: [
        new AuthenticatorBlock(devices, 'authentication.clientCertificate', clock),
        new AuthenticatorBlock(tokens, 'authentication.jwt', clock),
      ],
      revokedCertificates: revoked,
      admitsFirstMessage: more.admitsFirstMessage === true,
    },
  });
  const refusal =
    chooseCredential(context, { publicOrigin: more.publicOrigin }) ?? (await verifyCredential(context, clock));
  return { refusal, context, tokens };
}

const csrf = (fingerprint = plainFingerprint(certificate.fingerprint256)): string =>
  `csrf.${new WsCsrfTokens(csrfKeys).issue(fingerprint)}`;

describe('the certificate of a program', () => {
  it('TR-04 is an identity without an Origin', async () => {
    const { refusal, context } = await decide();
    expect(refusal).toBeUndefined();
    expect(context.principal).toMatchObject({ kind: 'client-certificate', id: 'alice' });
    expect(context.credential).toMatchObject({ source: 'client-certificate' });
  });

  it.each<[string, Case, object]>([
    ['speaks for no page', { origin: 'allowed' }, { status: 403, reason: 'origin-not-allowed' }],
    ['must be there', { field: false }, { status: 401, failure: 'missing' }],
    ['must be one', { field: 'x' }, { status: 401, failure: 'malformed' }],
    [
      'must be one beside a token',
      { field: 'x', authorization: 'Bearer alice' },
      { status: 401, failure: 'malformed' },
    ],
    ['must not be revoked', { isRevoked: true }, { status: 401, failure: 'revoked' }],
    ['beside a token of somebody else', { authorization: 'Bearer bob' }, { status: 401, failure: 'ambiguous' }],
    [
      'of another issuer than the token beside it',
      { authorization: 'Bearer alice', issuer: 'https://other.example' },
      { status: 401, failure: 'ambiguous' },
    ],
  ])('TR-04 AN-04 %s', async (_, change, refusal) => {
    expect((await decide(change)).refusal).toMatchObject(refusal);
  });

  it.each<[string, Case]>([
    ['', {}],
    [', whose issuer it names', { issuer: 'https://id.example.com' }],
    [', revoked, which then says nothing', { isRevoked: true }],
    [', and from a page', { origin: 'allowed' }],
  ])('AN-04 lets the token beside it decide%s', async (_, change) => {
    const { refusal, context } = await decide({ authorization: 'Bearer alice', ...change });
    expect(refusal).toBeUndefined();
    expect(context.principal).toMatchObject({ kind: 'jwt', id: 'alice' });
  });
});

describe('the certificate of a browser', () => {
  it.each<[string, () => Case, object | undefined]>([
    ['with its CSRF token', () => ({ origin: 'allowed', subprotocols: [csrf()] }), undefined],
    ['without a token', () => ({ origin: 'allowed' }), { status: 403, reason: 'csrf' }],
    ['with two', () => ({ origin: 'allowed', subprotocols: [csrf(), csrf()] }), { reason: 'csrf' }],
    [
      'with that of another one',
      () => ({ origin: 'allowed', subprotocols: [csrf('0'.repeat(64))] }),
      { reason: 'csrf' },
    ],
    ['without an Origin', () => ({ subprotocols: [csrf()] }), { status: 403, reason: 'origin-missing' }],
    ['without an Origin, beside a token', () => ({ authorization: 'Bearer alice' }), { reason: 'origin-missing' }],
  ])('HS-18 HS-04 TR-04 %s', async (_, change, refusal) => {
    const decision = await decide({ clients: 'browsers', ...change() });
    if (refusal === undefined) expect(decision.refusal).toBeUndefined();
    else expect(decision.refusal).toMatchObject(refusal);
    expect(decision.context.principal === undefined).toBe(refusal !== undefined);
  });
});

describe('a client without a credential', () => {
  it.each<[string, Case, boolean]>([
    ['may send it as its first message', { field: false }, true],
    ['may from a page as well', { field: false, origin: 'allowed' }, true],
    ['must not with a CSRF token, which belongs to a session', { field: false, subprotocols: ['csrf.x'] }, false],
    ['is none where it has a certificate', {}, false],
  ])('AN-01 %s', async (_, change, isInvited) => {
    const { refusal, context } = await decide({ admitsFirstMessage: true, ...change });
    expect(context.isInvited).toBe(isInvited);
    if (isInvited) expect([refusal, context.principal]).toEqual([undefined, undefined]);
  });
});

describe('what a token is bound to', () => {
  it.each<[string, Case, string]>([
    ['the URL of the handshake', {}, 'https://chat.example.com/chat'],
    ['the public one', { publicOrigin: 'https://public.example' }, 'https://public.example/chat'],
    ['one in the clear', { isEncrypted: false, host: 'localhost:3000' }, 'http://localhost:3000/chat'],
  ])('AN-06 is %s', async (_, change, url) => {
    const { tokens, refusal } = await decide({ authorization: 'DPoP alice', dpop: 'proof', ...change });
    expect(refusal).toBeUndefined();
    expect(tokens.seen[0]?.[0]).toMatchObject({ scheme: 'dpop', value: 'alice', proof: { jwt: 'proof', url } });
  });

  it('AN-06 TR-04 is the certificate of the client, unless that is revoked', async () => {
    const good = await decide({ authorization: 'Bearer alice' });
    expect(good.tokens.seen).toEqual([
      [expect.not.objectContaining({ proof: expect.anything() as unknown }), certificateThumbprint(certificate)],
    ]);
    expect(good.context.certificate?.thumbprint).toBe(certificateThumbprint(certificate));
    const revoked = await decide({ authorization: 'Bearer alice', isRevoked: true });
    expect(revoked.tokens.seen[0]?.[1]).toBeUndefined();
    const none = await decide({ authorization: 'Bearer alice', field: false });
    expect(none.tokens.seen[0]?.[1]).toBeUndefined();
    expect(none.context.certificate).toBeUndefined();
  });

  it('AN-06 is told the nonce that its proof lacks', async () => {
    const { refusal } = await decide({ authorization: 'DPoP alice', dpop: 'proof', nonce: 'n-1' });
    expect(refusal).toMatchObject({
      status: 401,
      failure: 'missing-nonce',
      headers: { 'DPoP-Nonce': 'n-1', 'WWW-Authenticate': 'DPoP error="use_dpop_nonce"' },
    });
  });
});
