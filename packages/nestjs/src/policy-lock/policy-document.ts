import { fieldOf, type PlainValue, textOf } from './plain-value.js';

/** The number of the form that {@link PolicyDocument} has; another one is not read. */
export const POLICY_FORMAT = 1;

/** One thing that a caller must meet. Exactly one of its fields is set. */
export interface PolicyRequirement {
  /** A policy class, and the module whose instance is asked. */
  readonly policy?: string;
  readonly module?: string;
  /** One of these roles. */
  readonly roles?: readonly string[];
  readonly scope?: string;
  readonly anyOf?: readonly PolicyRequirement[];
  readonly allOf?: readonly PolicyRequirement[];
  /** A log-in of at most this many milliseconds ago. */
  readonly loginMs?: number;
  /** Of a kind that has no word of its own here. */
  readonly other?: PlainValue;
}

/** Who may send an event: anybody, nobody, or a principal that meets all of a list. */
export type PolicyAccess =
  { readonly public: true } | { readonly closed: true } | { readonly all: readonly PolicyRequirement[] };

/** An event of a path. */
export interface PolicyEvent {
  readonly event: string;
  /** `Gateway.method`. */
  readonly handler: string;
  /** The module that provides the gateway. */
  readonly module: string;
  readonly access: PolicyAccess;
  /** Those in which the event exists; all of them where there is none. */
  readonly subprotocols?: readonly string[];
  readonly throttles: readonly PlainValue[];
  /** A JSON Schema; `null` for a handler that takes no payload. */
  readonly payload: PlainValue;
  /** The JSON Schema of what it declares to answer; not there where it declares nothing. */
  readonly reply?: PlainValue;
  /** Whatever else is decided about it. */
  readonly [more: string]: unknown;
}

/** What connects at one port and path, and what it may send there. */
export interface PolicyEndpoint {
  readonly path: string;
  /** 0 for that of the application. */
  readonly port: number;
  /** Of Socket.IO. */
  readonly namespace?: string;
  readonly origins: readonly string[];
  readonly authenticators: readonly string[];
  readonly events: readonly PolicyEvent[];
  /** Where it differs from the module. */
  readonly settings: PlainValue;
  readonly [more: string]: unknown;
}

/** Everything that decides who may do what through WebSockets: the content of `secure-ws.lock.json`. */
export interface PolicyDocument {
  readonly format: typeof POLICY_FORMAT;
  /** What holds where an endpoint says nothing else. */
  readonly settings: PlainValue;
  readonly endpoints: readonly PolicyEndpoint[];
  /** The JSON Schemas that others refer to as `#/schemas/Name`. */
  readonly schemas: Readonly<Record<string, PlainValue>>;
}

/** The setting that says what may go out at all. */
export const OUTPUT = 'output';
/** Its value where nothing goes out that is not declared. */
export const REPLIES_DECLARED: PlainValue = Object.freeze({ undeclaredReplies: 'fail' });

/** Whether a handler without `@WsReply()` answers nothing, and nothing is sent without `as`. */
export function demandsReplies({ settings }: Pick<PolicyDocument, 'settings'>): boolean {
  return textOf(fieldOf(settings, OUTPUT)) === textOf(REPLIES_DECLARED);
}

/** What an endpoint is called: `/chat`, `:8081/chat`, `/chat of /admin` (a namespace of Socket.IO). */
export function nameOf({ path, port, namespace }: Pick<PolicyEndpoint, 'path' | 'port' | 'namespace'>): string {
  const place = port === 0 ? path : `:${port}${path}`;
  return namespace === undefined ? place : `${place} of ${namespace}`;
}
