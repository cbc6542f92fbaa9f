/** What became of a handshake. Every word in it is of a closed vocabulary, but for the facts of a trace. */
export interface ObservedHandshake {
  /** `abandoned`: the client was gone before it had an answer. */
  readonly result: 'admitted' | 'refused' | 'abandoned';
  /** A word of `HANDSHAKE_REASONS`; of `refused`. */
  readonly reason: string | undefined;
  /** The HTTP status of the answer. */
  readonly status: number;
  /** The path of the gateway; `undefined` where there is none. */
  readonly path: string | undefined;
  /** From the request to the decision, in milliseconds; without the time in which a first message was waited for. */
  readonly durationMs: number;
  /** Of the connection; of `admitted`. */
  readonly connectionId: string | undefined;
}

/** What became of a message, told once, at its end. */
export interface ObservedMessage {
  /** The event of the handler; `undefined` where the message was never routed: a name of the client's is not repeated. */
  readonly event: string | undefined;
  /** The path of the gateway. */
  readonly path: string;
  readonly bytes: number;
  /** `dropped`: its connection ended first, or it only ended a stream. */
  readonly result: 'handled' | 'refused' | 'dropped';
  /** A word of `MESSAGE_REASONS`; of `refused`. */
  readonly reason: string | undefined;
  /** A word of the catalogue of error codes; of `refused`. */
  readonly code: string | undefined;
  /** How long it waited for its slot, in milliseconds. */
  readonly waitedMs: number;
  /** From its slot to its handler, or to its refusal, in milliseconds. */
  readonly judgedMs: number;
  /** How much of that its policies took, in milliseconds; `undefined` where none was asked. */
  readonly policiesMs: number | undefined;
  /** How long its handler took to return, in milliseconds; `undefined` where it was not called, or Nest calls it. */
  readonly handlerMs: number | undefined;
}

/** A message for a client. */
export interface ObservedSend {
  /** As the application names it; `undefined` for what it sends through the raw client. */
  readonly event: string | undefined;
  readonly bytes: number;
  /** `dropped`: it was too large, or the connection was closing. */
  readonly result: 'sent' | 'dropped';
}

/** One question to a shared store. */
export interface ObservedStoreCall {
  readonly result: 'answered' | 'failed';
  readonly durationMs: number;
}

/** What a trace of a handshake may be begun with. Nothing of it is trusted yet but what the checks before have found. */
export interface HandshakeFacts {
  /** As the client sent them. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** When the request came, in milliseconds since 1970. */
  readonly startedAt: number;
  readonly path: string | undefined;
  /** The address of the client, behind the listed proxies; empty where the handshake was refused before it was known. */
  readonly address: string;
  /** The address that the TCP connection comes from. */
  readonly peer: string;
  /** The allowed origin; `undefined` where there is none. */
  readonly origin: string | undefined;
  /** Whether origin and address have been judged. */
  readonly isJudged: boolean;
}

/** What a trace of a message may be begun with. */
export interface MessageFacts {
  /** Of its connection. */
  readonly id: string;
  /** The path of the gateway. */
  readonly path: string;
}

/** One handshake or message while it goes on. */
export interface ObservedRun<End> {
  /** Calls `work` at once, in whatever context its work is to find. */
  run(work: () => void): void;
  end(end: End): void;
}

/**
 * Is told what the module does, for metrics and traces. It is asked for once, at boot: what it does not have is never
 * called, and nothing is measured for it. What it throws is written to the log, and changes nothing.
 */
export interface WsObserver {
  onHandshake?(handshake: ObservedHandshake): void;
  onMessage?(message: ObservedMessage): void;
  onSend?(send: ObservedSend): void;
  /** A client answered a ping after so many milliseconds. */
  onPong?(roundTripMs: number): void;
  onStoreCall?(call: ObservedStoreCall): void;
  /** A handshake goes on: its checks run inside of it, as soon as address and origin are judged. */
  beginHandshake?(facts: HandshakeFacts): ObservedRun<ObservedHandshake>;
  /** A message has arrived: its checks and its handler run inside of it. */
  beginMessage?(facts: MessageFacts): ObservedRun<ObservedMessage>;
  /** A connection has ended. @param id that of the connection. */
  onClosed?(id: string): void;
}
