// The package brings no types. This is what the tests call.
declare module 'oidc-provider' {
  import type { RequestListener } from 'node:http';

  /** A client that is registered at the server. */
  export interface RegisteredClient {
    backchannelLogoutUri: string;
    /** Sends a log-out token to the client, and rejects unless it is taken. */
    backchannelLogout(sub: string, sid: string): Promise<void>;
  }

  export default class Provider {
    constructor(issuer: string, configuration: object);
    readonly Client: { find(id: string): Promise<RegisteredClient> };
    callback(): RequestListener;
  }
}
