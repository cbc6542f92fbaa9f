import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import { CHAT_SETTINGS, type ChatSettings } from '../chat-settings.js';
import type { Session } from './sessions.service.js';

/** How long an access token lasts, and with it the connection that it opened. */
export const ACCESS_TOKEN_MS = 15 * 60_000;

/** The `aud` of the tokens: they open the chat's WebSocket and nothing else. */
export const ACCESS_TOKEN_AUDIENCE = 'chat';

/** A token for the WebSocket, as the page receives it. */
export interface AccessToken {
  readonly token: string;
  readonly expiresInMs: number;
}

/** Makes the short-lived tokens that open the WebSocket. */
@Injectable()
export class AccessTokenService {
  constructor(
    private readonly jwt: JwtService,
    @Inject(CHAT_SETTINGS) private readonly settings: ChatSettings,
  ) {}

  /** Makes a token for the account of a session. */
  async mint(session: Session): Promise<AccessToken> {
    const token = await this.jwt.signAsync(
      { sid: session.id },
      {
        algorithm: 'HS256',
        issuer: this.settings.publicUrl,
        audience: ACCESS_TOKEN_AUDIENCE,
        subject: session.account.id,
        jwtid: randomUUID(),
        expiresIn: ACCESS_TOKEN_MS / 1000,
      },
    );
    return { token, expiresInMs: ACCESS_TOKEN_MS };
  }
}
