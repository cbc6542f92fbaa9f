import { TLSSocket } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { parseAuthority } from './authority.js';
import type { OriginVerdict } from './origin-policy.js';
import { parseOrigin } from './origin.js';
import { readRequestHead } from './request-head.js';
import { checkTransport, isWeakTls, type TransportRules } from './transport-policy.js';

interface Facts {
  readonly isEncrypted?: boolean;
  readonly local?: string | undefined;
  readonly remote?: string | undefined;
  readonly host?: string;
  readonly origin?: string | undefined;
  readonly target?: string;
  readonly fields?: readonly string[];
}

const RULES: TransportRules = { allowPlaintext: false, isProduction: false, publicOrigin: undefined };
const PUBLIC: TransportRules = { ...RULES, publicOrigin: 'https://chat.example.com' };

/** From this machine, in plaintext, unless said otherwise. */
function judge(facts: Facts, rules: TransportRules = RULES): ReturnType<typeof checkTransport> {
  const text = 'origin' in facts ? facts.origin : 'http://localhost:4200';
  const origin: OriginVerdict =
    text === undefined
      ? { kind: 'absent' }
      : text === 'null'
        ? { kind: 'allowed', origin: undefined, text }
        : { kind: 'allowed', origin: parseOrigin(text), text };
  const host = parseAuthority(facts.host ?? 'localhost:3000');
  if (host === undefined) throw new Error('The host of the test is malformed.');
  return checkTransport(
    {
      isEncrypted: facts.isEncrypted ?? false,
      localAddress: 'local' in facts ? facts.local : '127.0.0.1',
      remoteAddress: 'remote' in facts ? facts.remote : '127.0.0.1',
      host,
      origin,
      path: '/chat',
      head: readRequestHead({
        method: 'GET',
        httpVersion: '1.1',
        url: facts.target ?? '/chat',
        rawHeaders: [...(facts.fields ?? [])],
      }),
    },
    rules,
  );
}

const REMOTE: Facts = { local: '10.0.0.2', remote: '203.0.113.9', host: 'evil.example', origin: undefined };

describe('checkTransport', () => {
  it('TR-01 lets TLS pass', () => {
    expect(judge({ ...REMOTE, isEncrypted: true }, { ...RULES, isProduction: true })).toBeUndefined();
  });

  it.each<[string, Facts]>([
    ['with a page on this machine', {}],
    ['without a page', { origin: undefined }],
    ['over IPv6', { local: '::1', remote: '::1', host: '[::1]:3000', origin: 'http://[::1]:4200' }],
    ['over a dual-stack socket', { local: '::ffff:127.0.0.1', remote: '::ffff:127.0.0.1' }],
  ])('TR-01 lets plaintext pass on one machine %s', (_, facts) => {
    expect(judge(facts)).toBeUndefined();
  });

  it.each<[string, Facts]>([
    ['from the network', { remote: '203.0.113.9' }],
    ['to a network address', { local: '10.0.0.2' }],
    ['with unknown addresses', { local: undefined, remote: undefined }],
    ['for another host', { host: 'evil.example' }],
    ['from a page elsewhere', { origin: 'https://app.example.com' }],
    ['from an opaque origin', { origin: 'null' }],
    ['relayed, says X-Forwarded-For', { fields: ['X-Forwarded-For', '203.0.113.9'] }],
    ['relayed, says X-Forwarded-Proto', { fields: ['x-forwarded-proto', 'https'] }],
    ['relayed, says X-Forwarded-Host', { fields: ['X-FORWARDED-HOST', 'a'] }],
    ['relayed, says Forwarded', { fields: ['Forwarded', 'proto=https'] }],
    ['relayed, says X-Real-IP', { fields: ['X-Real-IP', '203.0.113.9'] }],
    ['relayed, says Via', { fields: ['Via', '1.1 proxy'] }],
  ])('TR-01 refuses plaintext %s', (_, facts) => {
    expect(judge(facts)).toMatchObject({ status: 403, reason: 'plaintext' });
  });

  it('TR-01 refuses plaintext on one machine in production', () => {
    expect(judge({}, { ...RULES, isProduction: true })).toMatchObject({ status: 403, reason: 'plaintext' });
  });

  it('TR-01 does not believe a peer that says it spoke TLS', () => {
    expect(judge({ ...REMOTE, fields: ['X-Forwarded-Proto', 'https'] })).toMatchObject({ reason: 'plaintext' });
  });

  it('lets plaintext pass where that was switched on', () => {
    expect(judge(REMOTE, { ...RULES, allowPlaintext: true })).toBeUndefined();
  });

  it.each<[string, Facts]>([
    ['of nothing but the handshake', {}],
    ['with known subprotocols', { fields: ['Sec-WebSocket-Protocol', 'json.v1, secure-ws.v1'] }],
  ])('TR-02 redirects a request %s to the public address, whatever its Host', (_, facts) => {
    expect(judge({ ...REMOTE, ...facts }, PUBLIC)).toMatchObject({
      status: 308,
      reason: 'plaintext-redirect',
      headers: { Location: 'https://chat.example.com/chat' },
    });
  });

  it.each<[string, Facts]>([
    ['Authorization', { fields: ['Authorization', 'Bearer a'] }],
    ['an empty Authorization', { fields: ['Authorization', ''] }],
    ['a cookie', { fields: ['Cookie', 'theme=dark'] }],
    ['Proxy-Authorization', { fields: ['Proxy-Authorization', 'Basic a'] }],
    ['an API key', { fields: ['X-API-Key', 'a'] }],
    ['a bearer token', { fields: ['Sec-WebSocket-Protocol', 'json.v1, bearer.a'] }],
    [
      'a bearer token in a second field',
      { fields: ['Sec-WebSocket-Protocol', 'json.v1', 'Sec-WebSocket-Protocol', 'bearer.a'] },
    ],
    ['a CSRF token', { fields: ['Sec-WebSocket-Protocol', 'csrf.a, json.v1'] }],
    ['a bare token as subprotocol', { fields: ['Sec-WebSocket-Protocol', 'json.v1, eyJhbGciOi'] }],
    ['a malformed subprotocol list', { fields: ['Sec-WebSocket-Protocol', 'json.v1,, bearer.a'] }],
    ['a query', { target: '/chat?token=a' }],
    ['an empty query', { target: '/chat?' }],
  ])('TR-02 does not redirect a request with %s: its secret has leaked', (_, facts) => {
    expect(judge({ ...REMOTE, ...facts }, PUBLIC)).toMatchObject({ status: 403, reason: 'plaintext' });
  });
});

describe('isWeakTls', () => {
  /** A TLS connection of which only this much is known: some of these need a certificate that no test has. */
  const spoken = (protocol: string, standardName: string): TLSSocket =>
    Object.create(TLSSocket.prototype, {
      getProtocol: { value: () => protocol },
      getCipher: { value: () => ({ name: '', version: '', standardName }) },
    }) as TLSSocket;

  it.each([
    ['TLSv1.3', 'TLS_AES_128_GCM_SHA256', false],
    ['TLSv1.3', 'TLS_CHACHA20_POLY1305_SHA256', false],
    ['TLSv1.2', 'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384', false],
    ['TLSv1.2', 'TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256', false],
    ['TLSv1.2', 'TLS_DHE_RSA_WITH_AES_128_CCM_8', false],
    // No forward secrecy: whoever gets the key of the server later reads what was recorded.
    ['TLSv1.2', 'TLS_RSA_WITH_AES_256_GCM_SHA384', true],
    ['TLSv1.2', 'TLS_RSA_WITH_AES_128_CCM', true],
    ['TLSv1.2', 'TLS_ECDH_RSA_WITH_AES_128_GCM_SHA256', true],
    // Nobody's key at all.
    ['TLSv1.2', 'TLS_DH_anon_WITH_AES_128_GCM_SHA256', true],
    // No AEAD.
    ['TLSv1.2', 'TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256', true],
    ['TLSv1.2', 'TLS_ECDHE_ECDSA_WITH_NULL_SHA', true],
    ['TLSv1.1', 'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384', true],
    ['SSLv3', 'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384', true],
  ])('TR-03 judges %s with %s: %s', (protocol, cipher, isWeak) => {
    expect(isWeakTls(spoken(protocol, cipher))).toBe(isWeak);
  });
});
