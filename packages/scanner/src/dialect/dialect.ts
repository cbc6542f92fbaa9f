/** What a server speaks inside of its messages. */
export type DialectId = 'nest-ws' | 'socket.io' | 'graphql-ws' | 'json';

/** As much of a dialect as the checks have to speak. */
export interface Dialect {
  readonly id: DialectId;
  /** What has to be said after the handshake, before the server takes messages. */
  readonly opening: readonly string[];
  /** A message that asks for an event (operation, field) by its name. */
  readonly message: (event: string, data: unknown) => string;
  /** Whether a frame is an answer that refuses something. */
  readonly isRefusal: (frame: string) => boolean;
  /** Whether a frame is an answer at all: greetings and heartbeats are not. */
  readonly isAnswer: (frame: string) => boolean;
}

/** The object that a text is in JSON, if it is one. */
export function jsonObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
