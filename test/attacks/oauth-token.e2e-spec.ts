import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { OAuthOptions } from '@secure-ws/nestjs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type AuthorizationServer, startAuthorizationServer } from '../support/authorization-server.js';
import { CertificateAuthority, SERVER_AUTH } from '../support/certificate-authority.js';
import { EchoGateway } from '../support/echo.gateway.js';
import { FakeClock } from '../support/fake-clock.js';
import { handshake, type Refusal } from '../support/handshake.js';
import { connect } from '../support/queueing-client.js';
import { type RunningApp, startApp } from '../support/start-app.js';
import { json, startStubProvider, status, type StubAnswer } from '../support/stub-provider.js';
import { TEST_JWT } from '../support/test-token.js';

interface Protected {
  readonly app: RunningApp;
  readonly clock: FakeClock;
  readonly open: (token: string) => Promise<'open' | number>;
}

async function protect(oauth: OAuthOptions, more: object = {}): Promise<Protected> {
  const clock = new FakeClock(Date.now());
  const app = await startApp({ providers: [EchoGateway], clock, options: { authentication: { oauth, ...more } } });
  return {
    app,
    clock,
    open: async (token) => {
      const outcome: 'open' | Refusal = await handshake(`${app.url}/echo`, { token });
      return outcome === 'open' ? outcome : outcome.status;
    },
  };
}

const optionsOf = ({ issuer, introspection }: AuthorizationServer, more: Partial<OAuthOptions> = {}): OAuthOptions => ({
  issuer,
  audience: 'chat',
  introspection,
  ...more,
});
const asked = ({ requests }: AuthorizationServer, path: string): number =>
  requests.filter((each) => each === path).length;

describe('an access token of an authorization server', () => {
  it('AN-06 opens a connection as a JSON Web Token, by the name of its issuer alone', async () => {
    const server = await startAuthorizationServer();
    const { app } = await protect({ issuer: server.issuer, audience: 'chat' });
    const client = await connect(`${app.url}/echo`, { token: await server.issue() });
    expect(await client.request('echo', { text: 'hello' })).toMatchObject({ data: { text: 'hello' } });
    expect(app.app.get(EchoGateway).handled).toEqual([{ text: 'hello', from: 'alice' }]);
    expect(app.events.ofType('ws.connection.opened')).toMatchObject([{ method: 'oauth:authorization' }]);
    // Discovered and fetched once, whoever comes next.
    expect(await handshake(`${app.url}/echo`, { token: await server.issue({ to: 'bob' }) })).toBe('open');
    expect(asked(server, '/.well-known/openid-configuration')).toBe(1);
    expect(asked(server, '/jwks')).toBe(1);
  });

  it('J13 J15 AN-06 is refused for another audience, and as any other kind of token of the same server', async () => {
    const server = await startAuthorizationServer();
    const { open, app } = await protect(optionsOf(server));
    const now = Math.floor(Date.now() / 1000);
    const claims = { iss: server.issuer, aud: 'chat', sub: 'alice', iat: now, exp: now + 300, jti: 't-1' };
    expect(await open(await server.sign({ typ: 'at+jwt' }, claims))).toBe('open');
    expect(await open(await server.sign({ typ: 'application/at+jwt' }, claims))).toBe('open');
    expect(await open(await server.issue({ audience: 'billing' }))).toBe(401);
    expect(await open(await server.issue({ audience: 'billing', format: 'opaque' }))).toBe(401);
    for (const header of [{ typ: 'JWT' }, {}, { typ: 'id+jwt' }, { typ: 'logout+jwt' }, { typ: 'dpop+jwt' }]) {
      expect(await open(await server.sign(header, claims))).toBe(401);
    }
    expect(app.events.ofType('ws.handshake.refused').map(({ failure }) => failure)).toContain('bad-type');
  });

  it('AN-06 opens a connection though only its server can read it, and is asked about once', async () => {
    const server = await startAuthorizationServer();
    const { open, clock } = await protect(optionsOf(server));
    const token = await server.issue({ format: 'opaque' });
    expect(token).not.toContain('.');
    const outcomes = await Promise.all([open(token), open(token), open(token)]);
    expect(outcomes).toEqual(['open', 'open', 'open']);
    expect(asked(server, '/token/introspection')).toBe(1);
    clock.advance(10_000);
    expect(await open(token)).toBe('open');
    expect(asked(server, '/token/introspection')).toBe(2);
  });

  it('AN-09 AN-11 that was revoked or never was gets the same answer, and is not asked about each time', async () => {
    const server = await startAuthorizationServer();
    const { open, app, clock } = await protect(optionsOf(server));
    const token = await server.issue({ format: 'opaque' });
    expect(await open(token)).toBe('open');
    await server.revoke(token);
    // The answer of a moment ago holds for ten seconds, as the guide says.
    expect(await open(token)).toBe('open');
    clock.advance(10_000);
    const before = asked(server, '/token/introspection');
    app.events.clear();
    const refusals: unknown[] = [];
    for (const bad of [token, token, 'made-up', 'made-up']) {
      refusals.push(await handshake(`${app.url}/echo`, { token: bad }));
    }
    expect(new Set(refusals.map((refusal) => JSON.stringify({ ...(refusal as Refusal), headers: {} }))).size).toBe(1);
    expect(refusals[0]).toMatchObject({ status: 401 });
    expect(asked(server, '/token/introspection')).toBe(before + 2);
    expect(app.events.ofType('ws.handshake.refused').map(({ failure }) => failure)).toEqual(Array(4).fill('inactive'));
    expect(JSON.stringify(app.events.events)).not.toContain(token);
  });

  it('AN-11 SL-01 opens nothing beyond its end, whatever was answered before', async () => {
    const server = await startAuthorizationServer();
    const { open, clock } = await protect(
      optionsOf(server, { introspection: { ...server.introspection, cacheMs: 300_000 } }),
    );
    const token = await server.issue({ format: 'opaque' });
    expect(await open(token)).toBe('open');
    const first = asked(server, '/token/introspection');
    clock.advance(299_000 - 5_000);
    expect(await open(token)).toBe('open');
    expect(asked(server, '/token/introspection')).toBe(first);
    clock.advance(10_000);
    expect(await open(token)).toBe(401);
  });

  it('AN-11 opens nothing while its server is away, and is audited', async () => {
    const server = await startAuthorizationServer();
    const { open, app, clock } = await protect(optionsOf(server));
    const [opaque, readable] = [await server.issue({ format: 'opaque' }), await server.issue()];
    server.setAway(true);
    expect([await open(opaque), await open(readable)]).toEqual([503, 503]);
    expect(app.events.ofType('ws.handshake.refused')).toMatchObject([
      { status: 503, failure: 'unavailable' },
      { status: 503, failure: 'unavailable' },
    ]);
    server.setAway(false);
    clock.advance(2_000);
    expect([await open(opaque), await open(readable)]).toEqual(['open', 'open']);
  });

  it('AN-11 AN-17 opens nothing where the chat server is not known there, and the log keeps the secret', async () => {
    const server = await startAuthorizationServer();
    const clientSecret = 'wrong-secret-of-the-chat-server';
    const { open, app } = await protect(
      optionsOf(server, { introspection: { clientId: 'chat-server', clientSecret } }),
    );
    const token = await server.issue({ format: 'opaque' });
    expect(await open(token)).toBe(503);
    expect(app.log.lines.join('\n')).toContain('/token/introspection answered 401');
    expect(app.log.lines.join('\n')).not.toContain(clientSecret);
    expect(app.log.lines.join('\n')).not.toContain(token);
  });

  it.each(['client_secret_basic', 'client_secret_post'] as const)(
    'AN-06 AN-17 sends its secret by %s',
    async (method) => {
      const bodies: string[] = [];
      const fields: (string | undefined)[] = [];
      const stub = await startStubProvider();
      const metadata = { issuer: stub.url, introspection_endpoint: `${stub.url}/introspect` };
      stub.answers.set('/.well-known/openid-configuration', json(metadata));
      stub.answers.set('/introspect', (request, response) => {
        fields.push(request.headers.authorization);
        request.setEncoding('utf8').on('data', (text: string) => bodies.push(text));
        request.on('end', () => json({ active: false })(request, response));
      });
      const introspection = { clientId: 'chat: 1', clientSecret: 'a&b', method };
      const { open } = await protect({ issuer: stub.url, audience: 'chat', introspection });
      expect(await open('opaque')).toBe(401);
      const common = 'token=opaque&token_type_hint=access_token';
      // RFC 6749 section 2.3.1: both are encoded as in a form before they are joined.
      const basic = `Basic ${Buffer.from('chat%3A+1:a%26b').toString('base64')}`;
      const expected = {
        client_secret_basic: [common, basic],
        client_secret_post: [`${common}&client_id=chat%3A+1&client_secret=a%26b`, undefined],
      };
      expect([bodies.join(''), fields[0]]).toEqual(expected[method]);
    },
  );

  it('AN-06 is never sent to the introspection endpoint where it can be read', async () => {
    const server = await startAuthorizationServer();
    const { open } = await protect(optionsOf(server));
    expect(await open('a.b.c')).toBe(401);
    expect(await open(await server.issue())).toBe('open');
    expect(asked(server, '/token/introspection')).toBe(0);
  });

  it('J14 AN-06 stands beside the tokens of another issuer, each with its own block', async () => {
    const server = await startAuthorizationServer();
    const { open, app } = await protect(optionsOf(server), { jwt: TEST_JWT });
    expect(await open(await server.issue())).toBe('open');
    expect(await open(app.token())).toBe('open');
    expect(await open(await server.issue({ format: 'opaque' }))).toBe('open');
    expect(app.events.ofType('ws.connection.opened').map(({ method }) => method)).toEqual([
      'oauth:authorization',
      'jwt:authorization',
      'oauth:authorization',
    ]);
  });
});

describe('metadata', () => {
  const issue = (issuer: string, sign: AuthorizationServer['sign']): Promise<string> => {
    const now = Math.floor(Date.now() / 1000);
    return sign({ typ: 'at+jwt' }, { iss: issuer, aud: 'chat', sub: 'alice', iat: now, exp: now + 300 });
  };

  it('AN-15 of a server whose certificate nobody trusts is not taken, and the operator is told why', async () => {
    const { sign } = await startAuthorizationServer();
    const authority = await CertificateAuthority.create();
    const { cert, key } = await authority.issue({
      usages: [SERVER_AUTH],
      names: [{ type: 'dns', value: 'localhost' }],
    });
    const server = createServer({ cert, key }, (_, response) => response.end('{}'));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const issuer = `https://localhost:${(server.address() as AddressInfo).port}`;
    const { open, app } = await protect({ issuer, audience: 'chat' });
    expect(await open(await issue(issuer, sign))).toBe(503);
    expect(app.log.lines.join('\n')).toMatch(/cannot be reached: UNABLE_TO_VERIFY_LEAF_SIGNATURE; NODE_EXTRA_CA_CERTS/);
  });

  it('AN-15 J14 of another issuer is not taken', async () => {
    const server = await startAuthorizationServer();
    const evil = await startStubProvider();
    evil.answers.set(
      '/.well-known/openid-configuration',
      json({ issuer: server.issuer, jwks_uri: `${server.issuer}/jwks` }),
    );
    const { open, app } = await protect({ issuer: evil.url, audience: 'chat' });
    expect(await open(await issue(evil.url, server.sign))).toBe(503);
    // The operator reads which one, where the difference is but a slash.
    expect(app.log.lines.join('\n')).toContain(`is that of another issuer, \\"${server.issuer}\\"`);
    expect(server.requests).toEqual([]);
  });

  it.each<[string, (elsewhere: string) => unknown]>([
    ['a host that is not listed', (elsewhere) => `${elsewhere}/jwks`],
    ['plaintext elsewhere', () => 'http://192.0.2.1/jwks'],
    ['a file', () => 'file:///etc/passwd'],
    ['no address', () => undefined],
    ['a list', () => ['https://id.example.com/jwks']],
  ])('AN-15 that names %s is not followed', async (_, uri) => {
    const elsewhere = await startStubProvider();
    const { url, answers } = await startStubProvider();
    answers.set('/.well-known/openid-configuration', json({ issuer: url, jwks_uri: uri(elsewhere.url) }));
    const server = await startAuthorizationServer();
    const { open, app } = await protect({ issuer: url, audience: 'chat' });
    expect(await open(await issue(url, server.sign))).toBe(503);
    expect(app.log.lines.join('\n')).toContain('jwks_uri in the metadata');
    expect(elsewhere.requests).toEqual([]);
  });

  it('AN-15 may name a host that is listed', async () => {
    const server = await startAuthorizationServer();
    const { url, answers } = await startStubProvider();
    answers.set('/.well-known/openid-configuration', json({ issuer: url, jwks_uri: `${server.issuer}/jwks` }));
    const { open } = await protect({ issuer: url, audience: 'chat', hosts: [new URL(server.issuer).host] });
    expect(await open(await issue(url, server.sign))).toBe('open');
  });

  it('AN-15 is found where RFC 8414 puts it, for an issuer with a path too', async () => {
    const server = await startAuthorizationServer();
    const stub = await startStubProvider({ '/tenant/.well-known/openid-configuration': status(404) });
    const issuer = `${stub.url}/tenant`;
    const document: StubAnswer = json({ issuer, jwks_uri: `${server.issuer}/jwks` });
    stub.answers.set('/.well-known/oauth-authorization-server/tenant', document);
    const { open } = await protect({ issuer, audience: 'chat', hosts: [new URL(server.issuer).host] });
    expect(await open(await issue(issuer, server.sign))).toBe('open');
  });

  it('AN-11 AN-15 that is away is asked for once by all who wait, and not again at once', async () => {
    const { url, requests, answers } = await startStubProvider();
    answers.set('/.well-known/openid-configuration', status(302, { location: 'http://127.0.0.1:9/' }));
    const server = await startAuthorizationServer();
    const { open } = await protect({ issuer: url, audience: 'chat' });
    const token = await issue(url, server.sign);
    expect(new Set(await Promise.all(Array.from({ length: 20 }, () => open(token))))).toEqual(new Set([503]));
    expect(await open(token)).toBe(503);
    expect(requests).toHaveLength(1);
  });
});

describe('an answer of an introspection endpoint', () => {
  const hash = (text: string): string => createHash('sha256').update(text).digest('hex');
  const claims = (issuer: string): Record<string, unknown> => {
    const now = Math.floor(Date.now() / 1000);
    return { active: true, iss: issuer, aud: 'chat', sub: 'alice', iat: now, exp: now + 300 };
  };

  it.each<[string, number | 'open', (issuer: string) => unknown]>([
    ['an active token', 'open', claims],
    ['an active token without its issuer', 'open', (issuer) => ({ ...claims(issuer), iss: undefined })],
    ['that it is active in a word', 503, (issuer) => ({ ...claims(issuer), active: 'true' })],
    ['nothing', 503, () => ({})],
    ['a list', 503, () => [{ active: true }]],
    ['that it is not active, with claims', 401, (issuer) => ({ ...claims(issuer), active: false })],
    ['another issuer', 401, (issuer) => ({ ...claims(issuer), iss: 'https://evil.example' })],
    ['no audience', 401, (issuer) => ({ ...claims(issuer), aud: undefined })],
    ['no end', 401, (issuer) => ({ ...claims(issuer), exp: undefined })],
    ['that it has ended', 401, (issuer) => ({ ...claims(issuer), exp: 1 })],
    ['no subject', 401, (issuer) => ({ ...claims(issuer), sub: undefined })],
    ['a refresh token', 401, (issuer) => ({ ...claims(issuer), token_type: 'refresh_token' })],
    ['a key that it is bound to', 401, (issuer) => ({ ...claims(issuer), cnf: { jkt: hash('x') } })],
  ])('AN-11 AN-06 that says %s', async (_, outcome, answer) => {
    const stub = await startStubProvider();
    const metadata = { issuer: stub.url, introspection_endpoint: `${stub.url}/introspect` };
    stub.answers.set('/.well-known/openid-configuration', json(metadata));
    stub.answers.set('/introspect', json(answer(stub.url)));
    const introspection = { clientId: 'chat', clientSecret: 'test' };
    const { open } = await protect({ issuer: stub.url, audience: 'chat', introspection });
    expect(await open('an-opaque-token')).toBe(outcome);
  });
});
