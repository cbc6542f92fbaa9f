import { createSecretKey } from 'node:crypto';
import { Module } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import { CHAT_SETTINGS, type ChatSettings } from '../chat-settings.js';
import { AccessTokenService } from './access-token.service.js';
import { AccountsController } from './accounts.controller.js';
import { AccountsService } from './accounts.service.js';
import { LoginLimiter } from './login-limiter.js';
import { PasswordHasher } from './password-hasher.js';
import { SessionsService } from './sessions.service.js';

/** Who may log in, and the proof that they did. */
@Module({
  controllers: [AccountsController],
  providers: [
    AccountsService,
    SessionsService,
    AccessTokenService,
    LoginLimiter,
    PasswordHasher,
    {
      provide: JwtService,
      inject: [CHAT_SETTINGS],
      useFactory: (settings: ChatSettings) =>
        new JwtService({ secret: createSecretKey(Buffer.from(settings.tokenSecret)) }),
    },
  ],
  exports: [AccountsService, SessionsService],
})
export class AccountsModule {}
