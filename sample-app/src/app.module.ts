import { Module, type DynamicModule } from '@nestjs/common';
import { SecureWsModule } from '@secure-ws/nestjs';
import { ACCESS_TOKEN_AUDIENCE } from './accounts/access-token.service.js';
import { AccountsModule } from './accounts/accounts.module.js';
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
          handshake: { origins: [...settings.origins] },
          authentication: {
            jwt: {
              secret: settings.tokenSecret,
              algorithms: ['HS256'],
              issuer: settings.publicUrl,
              audience: ACCESS_TOKEN_AUDIENCE,
            },
          },
        }),
        ChatSettingsModule.forRoot(settings),
        DatabaseModule.forRoot(database),
        AccountsModule,
        RoomsModule,
        ChatModule,
      ],
    };
  }
}
