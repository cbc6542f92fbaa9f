/** What the modules need to know and only {@link createChatApp} finds out, once the port is bound. */
export interface ChatSettings {
  /** The app's own address, such as `https://localhost:3443`. Also the `iss` of its tokens. */
  readonly publicUrl: string;
  /** The origins that its pages have. */
  readonly origins: readonly string[];
  /** The key that signs and verifies access tokens. */
  readonly tokenSecret: string;
}

/** Injects the {@link ChatSettings}. */
export const CHAT_SETTINGS = Symbol('CHAT_SETTINGS');
