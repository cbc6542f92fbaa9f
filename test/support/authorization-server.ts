import { generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SignJWT } from 'jose';
import Provider from 'oidc-provider';
import { onTestFinished } from 'vitest';
import { type DpopKey, dpopProof } from './dpop.js';

const SECRET = randomBytes(32).toString('base64url');
const clientOf = (id: string): object => ({
  client_id: id,
  client_secret: SECRET,
  grant_types: ['client_credentials'],
  redirect_uris: [],
  response_types: [],
  backchannel_logout_uri: 'http://127.0.0.1/unset',
  backchannel_logout_session_required: true,
});

/** What a test may want of an access token. */
export interface IssueOptions {
  /** Who it is for. @default 'alice' */
  readonly to?: 'alice' | 'bob';
  /** @default 'jwt' */
  readonly format?: 'jwt' | 'opaque';
  /** @default 'chat' */
  readonly audience?: string;
  /** The key that the token is bound to. */
  readonly key?: DpopKey;
}

/** The real authorization server `oidc-provider`, on a free port of this machine. */
export interface AuthorizationServer {
  readonly issuer: string;
  /** The credentials of the chat server, for introspection. */
  readonly introspection: { readonly clientId: string; readonly clientSecret: string };
  /** The paths that were asked for, in their order. */
  readonly requests: string[];
  readonly provider: Provider;
  /** Gets an access token at the token endpoint. */
  issue(options?: IssueOptions): Promise<string>;
  /** Has a token revoked. */
  revoke(token: string): Promise<void>;
  /** Signs anything with the server's own key, as a server with a fault would. */
  sign(header: Record<string, unknown>, claims: Record<string, unknown>): Promise<string>;
  /** Answers every request with `503` from now on, or no longer. */
  setAway(isAway: boolean): void;
}

/** Starts an {@link AuthorizationServer} that ends with its test. */
export async function startAuthorizationServer(): Promise<AuthorizationServer> {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const requests: string[] = [];
  let answer: RequestListener = () => undefined;
  let isAway = false;
  const server = createServer((request, response) => {
    requests.push(request.url ?? '');
    if (isAway) response.writeHead(503).end();
    else answer(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider = new Provider(issuer, configurationOf(privateKey));
  const serve = provider.callback();
  answer = (request, response) => void serve(request, response);

  const post = async (path: string, to: string, fields: Record<string, string>, headers = {}): Promise<Response> => {
    const authorization = `Basic ${Buffer.from(`${to}:${SECRET}`).toString('base64')}`;
    const body = new URLSearchParams(fields);
    const response = await fetch(issuer + path, { method: 'POST', headers: { authorization, ...headers }, body });
    if (response.status !== 200) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
    return response;
  };
  return {
    issuer,
    introspection: { clientId: 'chat-server', clientSecret: SECRET },
    requests,
    provider,
    async issue({ to = 'alice', format = 'jwt', audience = 'chat', key } = {}) {
      const fields = { grant_type: 'client_credentials', scope: 'read', resource: `urn:${audience}:${format}` };
      const proof = key === undefined ? undefined : await dpopProof(key, { url: `${issuer}/token`, method: 'POST' });
      const response = await post('/token', to, fields, proof === undefined ? {} : { dpop: proof });
      return ((await response.json()) as { access_token: string }).access_token;
    },
    async revoke(token) {
      await post('/token/revocation', 'alice', { token });
    },
    sign: (header, claims) =>
      new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: KID, ...header }).sign(privateKey),
    setAway(away) {
      isAway = away;
    },
  };
}

const KID = 'as-1';

function configurationOf(privateKey: KeyObject): object {
  return {
    clients: [clientOf('alice'), clientOf('bob'), clientOf('chat-server')],
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), kid: KID, use: 'sig', alg: 'RS256' }] },
    cookies: { keys: [SECRET] },
    // Its own dispatcher refuses addresses of this machine, where the applications of the tests are.
    fetch: (url: string, { method = 'GET', headers = {}, body = null }: RequestInit) =>
      fetch(url, { method, headers, body }),
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      introspection: { enabled: true },
      revocation: { enabled: true },
      dPoP: { enabled: true },
      backchannelLogout: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_context: unknown, resource: string) => {
          const [, audience, accessTokenFormat] = resource.split(':');
          return { scope: 'read', audience, accessTokenFormat, accessTokenTTL: 300 };
        },
      },
    },
    // The log-in that a token belongs to; the subject of an opaque one is not written by the server for such clients.
    extraTokenClaims: (_context: unknown, { clientId }: { clientId: string }) => ({
      sub: clientId,
      sid: `session-of-${clientId}`,
      roles: ['member'],
    }),
  };
}
