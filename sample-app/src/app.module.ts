import { randomBytes } from 'node:crypto';
import { Module, type DynamicModule } from '@nestjs/common';
import { SecureWsModule, WsProofOfWork } from '@secure-ws/nestjs';
import { SecureWsOperationsModule } from '@secure-ws/nestjs/operations';
import { CHAT_AUDIENCE } from './account-server/account-server-settings.js';
import { AccountsModule } from './accounts/accounts.module.js';
import { SessionPrincipal } from './accounts/session-principal.js';
import { ChatSettingsModule } from './chat-settings.module.js';
import type { ChatSettings } from './chat-settings.js';
import { ChatModule } from './chat/chat.module.js';
import type { Database } from './database/database.js';
import { DatabaseModule } from './database/database.module.js';
import { RoomsModule } from './rooms/rooms.module.js';

/** The whole app. Importing `SecureWsModule` is all that the gateway needs to be safe. */
@Module({})
export class AppModule {
  static forRoot(settings: ChatSettings, database: Database): DynamicModule {
    return {
      module: AppModule,
      imports: [
        SecureWsModule.forRoot({
          handshake: {
            origins: [...settings.origins],
            // Asked for while there is an attack, and by the log-in form. One process: its key need not outlive it.
            challenge: { verifier: new WsProofOfWork({ secret: randomBytes(32).toString('base64') }) },
          },
          // The shipped rules: what they raise stands in the log, and on the operations page.
          alerts: {},
          authentication: {
            tickets: {},
            ...(settings.accountServer !== undefined && {
              oauth: {
                issuer: settings.accountServer.issuer,
                audience: CHAT_AUDIENCE,
                algorithms: ['ES256'],
                // No longer than a revocation is remembered.
                maxLifetimeMs: 24 * 3_600_000,
              },
            }),
          },
        }),
        ChatSettingsModule.forRoot(settings),
        DatabaseModule.forRoot(database),
        AccountsModule,
        RoomsModule,
        ChatModule,
        // For whoever has the role `admin`, at /operations. For everybody else it is not there.
        SecureWsOperationsModule.forRoot({ principal: SessionPrincipal, access: { roles: ['admin'] } }),
      ],
    };
  }
}
