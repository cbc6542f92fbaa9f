import { Module, type DynamicModule } from '@nestjs/common';
import { CHAT_SETTINGS, type ChatSettings } from './chat-settings.js';

/** Hands the {@link ChatSettings} to every module. */
@Module({})
export class ChatSettingsModule {
  static forRoot(settings: ChatSettings): DynamicModule {
    return {
      module: ChatSettingsModule,
      global: true,
      providers: [{ provide: CHAT_SETTINGS, useValue: Object.freeze(settings) }],
      exports: [CHAT_SETTINGS],
    };
  }
}
