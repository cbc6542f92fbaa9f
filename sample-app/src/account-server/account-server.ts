import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { createServer, type RequestListener } from 'node:http';
import Provider, { type Configuration, errors } from 'oidc-provider';
import type { AccountsService } from '../accounts/accounts.service.js';
import { listen } from '../web/listen.js';
import { AccountChoice } from './account-choice.js';
import { type AccountServerSettings, CHAT_AUDIENCE, CHAT_RESOURCE, RETURN_PATH } from './account-server-settings.js';

/** How to start the account server. */
export interface AccountServerOptions {
  /** 0 for any free one. */
  readonly port: number;
  /** The address of the chat, to which people come back. */
  readonly chatUrl: string;
  /** Whose accounts it has. */
  readonly accounts: AccountsService;
  /** How long its access tokens last. */
  readonly accessMs: number;
}

/** A running account server. */
export interface AccountServer extends AccountServerSettings {
  close(): Promise<void>;
}

const CLIENT_ID = 'chat';

/**
 * Starts the authorization server of the demo: `oidc-provider`, with OpenID Connect, PKCE and JWT access tokens (RFC 9068).
 * It stands for the one that a company has already.
 *
 * DEMO ONLY: it asks for no password, keeps everything in memory, and speaks plain HTTP, which is for this machine.
 *
 * @throws when the port is taken.
 */
export async function startAccountServer(options: AccountServerOptions): Promise<AccountServer> {
  let answer: RequestListener = (_, response) => response.writeHead(503).end();
  const server = createServer((request, response) => answer(request, response));
  const port = await listen(server, options.port, '127.0.0.1');
  // By its number: browsers keep to HTTPS on every port of a name that once sent HSTS.
  const issuer = `http://127.0.0.1:${port}`;
  const clientSecret = randomBytes(32).toString('base64url');
  const provider = new Provider(issuer, configurationOf(options, clientSecret));
  const choice = new AccountChoice(provider, options.accounts, options.chatUrl);
  const serve = provider.callback();
  answer = (request, response) => {
    if (!choice.answers(request)) void serve(request, response);
    else void choice.answer(request, response);
  };
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    server.close();
  };
  return { issuer, clientId: CLIENT_ID, clientSecret, close };
}

function configurationOf({ chatUrl, accounts, accessMs }: AccountServerOptions, clientSecret: string): Configuration {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    clients: [
      {
        client_id: CLIENT_ID,
        client_secret: clientSecret,
        redirect_uris: [`${chatUrl}${RETURN_PATH}`],
        grant_types: ['authorization_code', 'refresh_token'],
        id_token_signed_response_alg: 'ES256',
      },
    ],
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), kid: 'demo', use: 'sig', alg: 'ES256' }] },
    cookies: { keys: [randomBytes(32).toString('base64url')] },
    pkce: { required: () => true },
    findAccount: async (_, accountId) => {
      const account = await accounts.find(accountId);
      return account === undefined ? undefined : { accountId, claims: () => ({ sub: accountId }) };
    },
    interactions: { url: (_, { uid }) => AccountChoice.pathOf(uid) },
    issueRefreshToken: () => true,
    // Names the log-in in each of its tokens, so that the chat can end the connections of one.
    extraTokenClaims: (_, token) => ({ sid: 'grantId' in token ? token.grantId : undefined }),
    ttl: {
      AccessToken: accessMs / 1000,
      Interaction: 600,
      Session: 600,
      Grant: 8 * 3600,
      RefreshToken: 8 * 3600,
      IdToken: 600,
    },
    features: {
      devInteractions: { enabled: false },
      revocation: { enabled: true, allowedPolicy: (_, client, token) => token.clientId === client.clientId },
      rpInitiatedLogout: { enabled: false },
      resourceIndicators: {
        enabled: true,
        useGrantedResource: () => true,
        getResourceServerInfo: (_, resource) => {
          if (resource !== CHAT_RESOURCE) throw new errors.InvalidTarget();
          return {
            scope: 'chat',
            audience: CHAT_AUDIENCE,
            accessTokenTTL: accessMs / 1000,
            accessTokenFormat: 'jwt',
            jwt: { sign: { alg: 'ES256' } },
          };
        },
      },
    },
  };
}
