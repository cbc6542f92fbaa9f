/** What a server process says of itself. */
export interface Usage {
  /** User and system time of the whole process since it started, in microseconds. */
  readonly cpuMicros: number;
  /** JavaScript heap and the buffers outside it, after a collection where one was asked for, in bytes. */
  readonly memoryBytes: number;
  /** The resident set, in bytes. */
  readonly residentBytes: number;
  /** How many timers run, where they are counted: see `timer-count.ts`. */
  readonly timers: number;
  /** How many resources keep its event loop alive: sockets, servers, pipes, timers. */
  readonly handles: number;
  /** What the server itself counts. */
  readonly sizes: Readonly<Record<string, number>>;
}

/** Parent to server. */
export interface UsageRequest {
  /** Collect garbage first, so that memory means what is held (needs `--expose-gc`). */
  readonly collectGarbage: boolean;
  /** Runs this piece of work first, where the server has any: see {@link PieceOfWork}. */
  readonly work?: PieceOfWork;
}

/** Work that a server does by itself, without a client that would have to ask for each bit of it. */
export interface PieceOfWork {
  /** Which of its kinds of work: the first is 1, and 0 is none of them. */
  readonly kind: number;
  readonly times: number;
}

/** Server to parent. */
export type ServerReport = { readonly port: number } | { readonly usage: Usage; readonly kinds: readonly string[] };

/** Does a piece of work. @returns the names of all its kinds. */
export type Worker = (work: PieceOfWork) => Promise<readonly string[]>;
