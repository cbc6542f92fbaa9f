import { Module } from '@nestjs/common';
import { AccountServerClient } from './account-server-client.js';
import { AccountServerController } from './account-server.controller.js';
import { AccountsController } from './accounts.controller.js';
import { AccountsService } from './accounts.service.js';
import { LoginLimiter } from './login-limiter.js';
import { PasswordHasher } from './password-hasher.js';
import { PendingLogIns } from './pending-log-ins.js';
import { SessionPrincipal } from './session-principal.js';
import { SessionsService } from './sessions.service.js';
import { SocketCredentials } from './socket-credentials.js';

/** Who may log in, and the proof that they did. */
@Module({
  controllers: [AccountsController, AccountServerController],
  providers: [
    AccountsService,
    SessionsService,
    SessionPrincipal,
    SocketCredentials,
    AccountServerClient,
    PendingLogIns,
    LoginLimiter,
    PasswordHasher,
  ],
  exports: [AccountsService, SessionPrincipal, SessionsService],
})
export class AccountsModule {}
