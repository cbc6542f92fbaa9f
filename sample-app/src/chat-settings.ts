import type { AccountServerSettings } from './account-server/account-server-settings.js';

/** What the modules need to know and only {@link createChatApp} finds out, once the port is bound. */
export interface ChatSettings {
  /** The app's own address, such as `https://localhost:3443`. Also the issuer of its sessions. */
  readonly publicUrl: string;
  /** The origins that its pages have. */
  readonly origins: readonly string[];
  /** How long a connection lasts, in milliseconds, unless its page refreshes it. */
  readonly accessMs: number;
  /** The account server, where there is one. */
  readonly accountServer?: AccountServerSettings | undefined;
}

/** Injects the {@link ChatSettings}. */
export const CHAT_SETTINGS = Symbol('CHAT_SETTINGS');
