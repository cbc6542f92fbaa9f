/** What a server process says of itself. */
export interface Usage {
  /** User and system time of the whole process since it started, in microseconds. */
  readonly cpuMicros: number;
  /** JavaScript heap and the buffers outside it, after a collection where one was asked for, in bytes. */
  readonly memoryBytes: number;
}

/** Parent to server. */
export interface UsageRequest {
  /** Collect garbage first, so that memory means what is held (needs `--expose-gc`). */
  readonly collectGarbage: boolean;
}

/** Server to parent. */
export type ServerReport = { readonly port: number } | { readonly usage: Usage };
