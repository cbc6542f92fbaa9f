/** What was negotiated for the messages of a connection. It never changes after the handshake (MV-19). */
export interface WireFormat {
  /** `undefined` where the client offered none: the same as `json.v1`. */
  readonly subprotocol: string | undefined;
  /** Whether the client speaks the module's own `$` events. */
  readonly hasModuleEvents: boolean;
}

/** What a client speaks that offered no subprotocol. */
export const PLAIN_JSON: WireFormat = Object.freeze({ subprotocol: undefined, hasModuleEvents: false });
