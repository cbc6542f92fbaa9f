import { describe, expect, it } from 'vitest';
import type { AuthenticationFailure } from '../authentication/authentication-failures.js';
import { type HandshakeRefusalReason, refusalResponse, refuse } from './handshake-refusal.js';

const STATUSES: readonly (readonly [HandshakeRefusalReason, string])[] = [
  ['not-ready', '503 Service Unavailable'],
  ['overloaded', '503 Service Unavailable'],
  ['too-many-headers', '431 Request Header Fields Too Large'],
  ['method-not-allowed', '405 Method Not Allowed'],
  ['bad-http-version', '400 Bad Request'],
  ['repeated-header', '400 Bad Request'],
  ['unexpected-body', '400 Bad Request'],
  ['bad-upgrade', '400 Bad Request'],
  ['bad-key', '400 Bad Request'],
  ['unsupported-version', '426 Upgrade Required'],
  ['unknown-path', '404 Not Found'],
  ['bad-host', '400 Bad Request'],
  ['host-not-allowed', '421 Misdirected Request'],
  ['origin-not-allowed', '403 Forbidden'],
  ['address-rate', '429 Too Many Requests'],
  ['address-backoff', '429 Too Many Requests'],
  ['address-pending', '429 Too Many Requests'],
  ['address-connections', '429 Too Many Requests'],
  ['principal-rate', '429 Too Many Requests'],
  ['principal-backoff', '429 Too Many Requests'],
  ['principal-connections', '429 Too Many Requests'],
  ['csrf', '403 Forbidden'],
  ['guard', '403 Forbidden'],
  ['client-gone', '400 Bad Request'],
  ['plaintext', '403 Forbidden'],
  ['weak-tls', '403 Forbidden'],
  ['plaintext-redirect', '308 Permanent Redirect'],
  ['bad-subprotocol', '400 Bad Request'],
  ['origin-missing', '403 Forbidden'],
  ['unauthenticated', '401 Unauthorized'],
  ['authenticator-unavailable', '503 Service Unavailable'],
  ['timeout', '503 Service Unavailable'],
  ['internal', '500 Internal Server Error'],
];

function parse(response: string): { line: string; headers: Map<string, string>; body: string } {
  const [head = '', body = ''] = response.split('\r\n\r\n');
  const [line = '', ...fields] = head.split('\r\n');
  return { line, headers: new Map(fields.map((field) => field.split(': ') as [string, string])), body };
}

describe('refusalResponse', () => {
  it.each(STATUSES)('HS-12 answers %s with a whole HTTP response, %s', (reason, statusLine) => {
    const { line, headers, body } = parse(refusalResponse(refuse(reason)));
    expect(line).toBe(`HTTP/1.1 ${statusLine}`);
    expect(line.startsWith(`HTTP/1.1 ${refuse(reason).status} `)).toBe(true);
    expect(headers.get('Connection')).toBe('close');
    expect(headers.get('Cache-Control')).toBe('no-store');
    expect(headers.get('Content-Type')).toBe('text/plain; charset=utf-8');
    expect(headers.get('Content-Length')).toBe(String(Buffer.byteLength(body)));
    expect(headers.has('Retry-After')).toBe([429, 503].includes(refuse(reason).status));
  });

  it('HS-06 names the version that is spoken', () => {
    expect(parse(refusalResponse(refuse('unsupported-version'))).headers.get('Sec-WebSocket-Version')).toBe('13');
  });

  it('names the method and the scheme that are wanted', () => {
    expect(parse(refusalResponse(refuse('method-not-allowed'))).headers.get('Allow')).toBe('GET');
    expect(parse(refusalResponse(refuse('unauthenticated'))).headers.get('WWW-Authenticate')).toBe('Bearer');
  });

  it('HS-20 says when to come back: what the limit says in whole seconds, and else five', () => {
    const hint = (retryAfterMs?: number) =>
      parse(refusalResponse(refuse('address-rate', retryAfterMs === undefined ? {} : { retryAfterMs }))).headers.get(
        'Retry-After',
      );
    expect([hint(), hint(3000), hint(3001), hint(1), hint(0)]).toEqual(['5', '3', '4', '1', '1']);
    for (const [reason, status] of STATUSES) {
      if (!/^(?:429|503) /.test(status)) continue;
      expect(parse(refusalResponse(refuse(reason))).headers.get('Retry-After')).toBe('5');
    }
  });

  it('OD-06 tells no limit from another, and no guard from a missing CSRF token', () => {
    const tooMany = STATUSES.filter(([, status]) => status.startsWith('429 ')).map(([reason]) => reason);
    expect(tooMany.length).toBeGreaterThan(4);
    expect(new Set(tooMany.map((reason) => refusalResponse(refuse(reason)))).size).toBe(1);
    expect(refusalResponse(refuse('guard'))).toBe(refusalResponse(refuse('csrf')));
  });

  it('HS-22 OD-06 tells no authenticator that has failed from a server that is busy', () => {
    const busy = (['overloaded', 'authenticator-unavailable', 'timeout'] as const).map((reason) =>
      refusalResponse(refuse(reason)),
    );
    expect(new Set(busy).size).toBe(1);
  });

  it('HS-22 answers every failed authentication with the same bytes', () => {
    const failures: AuthenticationFailure[] = ['missing', 'ambiguous', 'bad-signature', 'expired', 'bad-audience'];
    const answers = failures.map((failure) => refusalResponse(refuse('unauthenticated', { failure })));
    expect(new Set(answers).size).toBe(1);
  });

  it('HS-22 keeps what was thrown out of the answer', () => {
    const answer = refusalResponse(refuse('internal', { cause: new Error('db password hunter2') }));
    expect(answer).toBe(refusalResponse(refuse('internal')));
  });

  it.each([
    ['a line break in a value', { Location: 'https://a.example\r\nSet-Cookie: a=b' }],
    ['a bare line feed', { Location: 'https://a.example\nX: y' }],
    ['a NUL', { Location: 'https://a.example\0' }],
    ['a line break in a name', { 'X\r\nY': 'z' }],
    ['characters beyond ASCII', { Location: 'https://\u010d\u010a' }],
    ['an empty value', { Location: '' }],
  ])('HS-24 refuses to write a header field with %s', (_, headers) => {
    expect(() => refusalResponse(refuse('plaintext-redirect', { headers }))).toThrow(TypeError);
  });
});

describe('refuse', () => {
  it('shares one frozen object for a bare reason', () => {
    expect(refuse('internal')).toBe(refuse('internal'));
    expect(Object.isFrozen(refuse('internal'))).toBe(true);
    expect(Object.isFrozen(refuse('internal', { cause: 1 }))).toBe(true);
  });
});
