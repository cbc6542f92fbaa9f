/** What a server speaks inside of its messages. */
export type DialectId =
  | 'nest-ws'
  | 'socket.io'
  | 'graphql-ws'
  | 'subscriptions-transport-ws'
  | 'signalr'
  | 'stomp'
  | 'phoenix'
  | 'centrifugo'
  | 'json';

/** What a server made of the opening of a dialect. */
export type Opened = 'taken' | 'refused' | 'unanswered';

/** As much of a dialect as the checks have to speak. */
export interface Dialect {
  readonly id: DialectId;
  /** What the handshake offers for it, the best first. */
  readonly subprotocols: readonly string[];
  /**
   * What has to be said after the handshake, before the server takes messages: with the token of who speaks, in dialects that
   * carry it there. Nothing in most.
   */
  readonly opening: (token: string | undefined) => readonly string[];
  /** What came of the opening, by the frames that came after it. */
  readonly opened: (frames: readonly string[]) => Opened;
  /** Whether a message is written as no dialect in front of it in `TELLING` writes one: a captured one tells the dialect by that. */
  readonly isOwn: (message: string) => boolean;
  /** A message that asks for an event (operation, field, destination) by its name. */
  readonly message: (event: string, data: unknown) => string;
  /** The name of what a message asks for; `undefined` where none can be read. */
  readonly eventOf: (message: string) => string | undefined;
  /** A message with another name in it, and all else as it was; `undefined` where none can be read. */
  readonly renamed: (message: string, name: string) => string | undefined;
  /** The data of a message; `undefined` where it cannot be found. */
  readonly dataOf: (message: string) => unknown;
  /** A message with other data in it; `undefined` where its data cannot be found. */
  readonly withData: (message: string, data: unknown) => string | undefined;
  /**
   * A captured message as the scan sends it: whole again, and asking for an answer where the dialect lets it. `undefined` for
   * what the scan says by itself: openings and heartbeats.
   */
  readonly prepared: (message: string) => string | undefined;
  /** A message for another time on the same connection: with another id, where a second one of the same id is an error. */
  readonly again: (message: string, count: number) => string;
  /** Whether a frame is an answer at all: greetings and heartbeats are not. */
  readonly isAnswer: (frame: string) => boolean;
  /** Whether a frame is an answer that refuses something. */
  readonly isRefusal: (frame: string) => boolean;
  /** What a client has to say to a frame, so that the connection stays open: to the heartbeat of the server. */
  readonly reply?: (frame: string, token: string | undefined) => string | undefined;
  /** What a client says by itself from time to time, so that the connection stays open. */
  readonly heartbeat?: string;
}

/** What most dialects have in common: they begin with the handshake, and repeat a message as it is. */
export const WITHOUT_OPENING: Pick<Dialect, 'subprotocols' | 'opening' | 'opened' | 'prepared' | 'again'> = {
  subprotocols: [],
  opening: () => [],
  opened: () => 'taken',
  prepared: (message) => message,
  again: (message) => message,
};

/** Any value as an object; empty for what is none. */
export const fieldsOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};

/** The value that a text is in JSON; `undefined` where it is not. */
export function jsonValue(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** The object that a text is in JSON, if it is one. */
export function jsonObject(text: string): Readonly<Record<string, unknown>> | undefined {
  const value = jsonValue(text);
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}
