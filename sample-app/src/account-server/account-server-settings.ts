/** How the chat reaches the account server, where there is one. */
export interface AccountServerSettings {
  /** Its name, which is its address: the `iss` of its tokens. */
  readonly issuer: string;
  /** The chat as its client. */
  readonly clientId: string;
  readonly clientSecret: string;
}

/** The chat as a resource server (RFC 8707): a token for it is good for nothing else. */
export const CHAT_RESOURCE = 'urn:secure-ws:chat';

/** The `aud` of such tokens. */
export const CHAT_AUDIENCE = 'chat';

/** Where people come back to the chat. */
export const RETURN_PATH = '/api/account-server/return';
