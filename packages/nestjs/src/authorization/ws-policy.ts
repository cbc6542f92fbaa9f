import type { MessageId } from '@secure-ws/protocol';
import type { Principal } from '../core/principal.js';
import type { WsConnection } from '../core/ws-connection.js';

/** What a policy judges: a message whose data has passed validation. */
export interface WsPolicyContext<Data = unknown> {
  /** The validated payload: the very instance that the handler gets. */
  readonly data: Data;
  readonly principal: Principal;
  readonly connection: WsConnection;
  readonly event: string;
  readonly id: MessageId | undefined;
}

/** A permission, with what it was given for. Made by {@link grant} and {@link grantRows}. */
export class Grant<Resource = unknown> {
  constructor(
    readonly resource: Resource,
    /** What the handler must narrow its queries by, where the policy allows only a part. */
    readonly rows?: object,
  ) {}
}

/** A refusal. Made by {@link deny}. */
export class Denial {
  // Nominal: a bare object of the same shape is not a decision.
  readonly #decided = true;

  /** Always `true`. */
  get isDenied(): boolean {
    return this.#decided;
  }
}

/** What a policy answers. Only `true` and {@link grant} allow; any other value that slips through the types denies. */
export type WsPolicyDecision<Resource = unknown> = boolean | Grant<Resource> | Denial;

/**
 * Decides one authorization question: an injectable class, named in `@WsAuthorize(MyPolicy)`.
 *
 * A throw, a rejection, a time-out and any value but `true` or `grant(...)` deny. The client sees `FORBIDDEN` for all of
 * them, and for a resource that does not exist.
 */
export interface WsPolicy<Data = unknown, Resource = unknown> {
  /** Judges one message. */
  authorize(context: WsPolicyContext<Data>): WsPolicyDecision<Resource> | Promise<WsPolicyDecision<Resource>>;
}

/** The class of a policy. */
export type WsPolicyType = new (...args: never[]) => WsPolicy<never>;

/** Allows, and hands the resource to the handler through `@WsResource()`. */
export function grant<Resource>(resource: Resource): Grant<Resource> {
  return new Grant(resource);
}

/**
 * Allows, for some rows only: the handler gets the filter through `@WsRowFilter()` and narrows its query by it, such as
 * `{ ownerId: principal.id }` for a list (row-level security).
 */
export function grantRows(filter: object): Grant<undefined> {
  return new Grant(undefined, filter);
}

const DENIED = new Denial();

/** Refuses. */
export function deny(): Denial {
  return DENIED;
}

/** Whether a policy has answered at all: whoever forgets a `return` answers `undefined`. */
export function isDecision(answer: unknown): answer is WsPolicyDecision {
  return typeof answer === 'boolean' || answer instanceof Grant || answer instanceof Denial;
}

/** What is said of a policy that has not. Nothing of what it answered: that may be anything of anybody. */
export function unclearAnswer(policy: string, answer: unknown): string {
  const kind = answer === null ? 'null' : typeof answer;
  const what = /^(null|undefined)$/.test(kind) ? kind : `${kind === 'object' ? 'an' : 'a'} ${kind}`;
  return `${policy}.authorize() answered ${what}, which denies: return true, false, grant(...) or deny().`;
}
