import type { IncomingMessage } from 'node:http';
import { Injectable } from '@nestjs/common';
import { type PrincipalInput, WsHttpPrincipal } from '@secure-ws/nestjs';
import { SessionsService } from './sessions.service.js';
import { SocketCredentials } from './socket-credentials.js';

/** Who asks, by the session's cookie: for the operations page. */
@Injectable()
export class SessionPrincipal extends WsHttpPrincipal {
  constructor(
    private readonly sessions: SessionsService,
    private readonly credentials: SocketCredentials,
  ) {
    super();
  }

  override async resolve({ headers }: IncomingMessage): Promise<PrincipalInput | undefined> {
    const session = await this.sessions.find(headers.cookie);
    return session === undefined ? undefined : this.credentials.principalOf(session);
  }
}
