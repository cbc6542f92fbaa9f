/** One message of a recorded WebSocket, in the form that Chrome writes. */
export interface HarMessage {
  /** `send` went to the server, `receive` came from it. */
  readonly type: 'send' | 'receive';
  /** Seconds since 1970. */
  readonly time: number;
  /** 1 is text, 2 is binary. */
  readonly opcode: number;
  /** The text; base64 of what is binary. */
  readonly data: string;
}

/** A field of a handshake. */
export interface HarField {
  readonly name: string;
  readonly value: string;
}

/** One recorded WebSocket: its handshake, and what went over it. */
export interface HarEntry {
  readonly url: string;
  /** When the handshake began, in milliseconds since 1970. */
  readonly startedAt: number;
  readonly request: readonly HarField[];
  readonly status: number;
  readonly response: readonly HarField[];
  readonly messages: readonly HarMessage[];
}
