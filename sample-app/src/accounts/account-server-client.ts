import { Inject, Injectable, ServiceUnavailableException, UnauthorizedException } from '@nestjs/common';
import * as oidc from 'openid-client';
import { type AccountServerSettings, CHAT_RESOURCE, RETURN_PATH } from '../account-server/account-server-settings.js';
import { CHAT_SETTINGS, type ChatSettings } from '../chat-settings.js';
import type { PendingLogIn } from './pending-log-ins.js';

/** What the account server gave for a log-in. The page sees the access token only, and keeps it no longer than it connects. */
export interface AccountServerTokens {
  readonly accountId: string;
  readonly accessToken: string;
  readonly refreshToken: string;
  /** The `sid` of its access tokens. */
  readonly sessionId: string;
}

/** Speaks to the account server: authorization code with PKCE, refresh, revocation (RFC 9700, OpenID Connect Core). */
@Injectable()
export class AccountServerClient {
  #configuration: Promise<oidc.Configuration> | undefined;

  constructor(@Inject(CHAT_SETTINGS) private readonly settings: ChatSettings) {}

  /** Whether there is one. */
  get isThere(): boolean {
    return this.settings.accountServer !== undefined;
  }

  /** Begins a log-in. @returns where the browser goes, and what its answer is checked against. */
  async begin(): Promise<{ url: URL; logIn: PendingLogIn }> {
    const codeVerifier = oidc.randomPKCECodeVerifier();
    const logIn = { state: oidc.randomState(), nonce: oidc.randomNonce(), codeVerifier };
    const url = oidc.buildAuthorizationUrl(await this.#configured(), {
      redirect_uri: this.settings.publicUrl + RETURN_PATH,
      scope: 'openid chat',
      resource: CHAT_RESOURCE,
      // Each log-in is one of its own, with tokens of its own to end.
      prompt: 'login consent',
      code_challenge: await oidc.calculatePKCECodeChallenge(codeVerifier),
      code_challenge_method: 'S256',
      state: logIn.state,
      nonce: logIn.nonce,
    });
    return { url, logIn };
  }

  /**
   * Ends a log-in.
   *
   * @param url with which the browser came back.
   * @throws where the answer is not one to this log-in, or says no.
   */
  async finish(url: URL, { state, nonce, codeVerifier }: PendingLogIn): Promise<AccountServerTokens> {
    const tokens = await oidc.authorizationCodeGrant(
      await this.#configured(),
      url,
      { expectedState: state, expectedNonce: nonce, pkceCodeVerifier: codeVerifier, idTokenExpected: true },
      { resource: CHAT_RESOURCE },
    );
    return tokensOf(tokens, tokens.claims()?.sub);
  }

  /**
   * Gets fresh tokens.
   *
   * @throws UnauthorizedException where the account server says no: the log-in there is over.
   * @throws ServiceUnavailableException where it says nothing that can be read.
   */
  async refresh({ refreshToken, accountId }: AccountServerTokens): Promise<AccountServerTokens> {
    try {
      const tokens = await oidc.refreshTokenGrant(await this.#configured(), refreshToken, { resource: CHAT_RESOURCE });
      return tokensOf(tokens, accountId, refreshToken);
    } catch (cause) {
      // RFC 6749 section 5.2: a refusal is an answer with an `error`. An outage is not the end of a log-in.
      if (cause instanceof oidc.ResponseBodyError) throw new UnauthorizedException('Please log in.', { cause });
      throw new ServiceUnavailableException('The account server is away.', { cause });
    }
  }

  /** Tells the account server that the tokens of a log-in are not wanted any more (RFC 7009). */
  async revoke({ refreshToken }: AccountServerTokens): Promise<void> {
    await oidc.tokenRevocation(await this.#configured(), refreshToken);
  }

  #configured(): Promise<oidc.Configuration> {
    const { accountServer } = this.settings;
    if (accountServer === undefined) throw new ServiceUnavailableException('There is no account server.');
    this.#configuration ??= discover(accountServer).catch((error: unknown) => {
      this.#configuration = undefined;
      throw error;
    });
    return this.#configuration;
  }
}

async function discover({ issuer, clientId, clientSecret }: AccountServerSettings): Promise<oidc.Configuration> {
  // That of the demo speaks plain HTTP on this machine; any other one must not.
  // oxlint-disable-next-line typescript/no-deprecated -- so that it stands out, which it may.
  const execute = issuer.startsWith('http://127.0.0.1:') ? [oidc.allowInsecureRequests] : [];
  return oidc.discovery(new URL(issuer), clientId, clientSecret, undefined, { execute });
}

/** @param known the refresh token that stays, where no new one came. */
function tokensOf(
  tokens: oidc.TokenEndpointResponse,
  accountId: string | undefined,
  known?: string,
): AccountServerTokens {
  const { access_token: accessToken, refresh_token: refreshToken = known } = tokens;
  const sessionId = sidOf(accessToken);
  if (accountId === undefined || refreshToken === undefined || sessionId === undefined) {
    throw new Error('The account server did not answer with the tokens that were asked for.');
  }
  return { accountId, accessToken, refreshToken, sessionId };
}

/** Not verified: it came over the connection to the account server itself. */
function sidOf(accessToken: string): string | undefined {
  const claims = JSON.parse(Buffer.from(accessToken.split('.')[1] ?? '', 'base64url').toString()) as { sid?: unknown };
  return typeof claims.sid === 'string' ? claims.sid : undefined;
}
