import type { Principal } from './principal.js';
import type { StandardSchema } from './standard-schema.js';

/** What one value that goes out can be declared as; of a class its `@Expose()` properties are sent. */
export type OutputType =
  | (abstract new (...args: never[]) => object)
  | StringConstructor
  | NumberConstructor
  | BooleanConstructor
  | StandardSchema;

/** What the data of a frame can be declared as: one value, or `[Item]` for a list. */
export type OutputDeclaration = OutputType | readonly [OutputType];

/** How the application's own messages are sent. */
export interface WsSendOptions {
  /**
   * What may go out: of a class its `@Expose()` properties, `[Item]` for a list, `String`, `Number`, `Boolean` or a Standard
   * Schema object. What does not fit is not sent.
   *
   * @default what is given, whole
   */
  readonly as?: OutputDeclaration;
}

/** What may go out to some clients. One object for all to whom the same may be shown, so that it is serialised once. */
export interface OutputView {
  readonly data: unknown;
}

/** Who is sent something. */
export interface OutputRecipient {
  readonly id: string;
  readonly principal: Principal;
}

/** Writes what the application sends on its own, as it is declared. */
export interface OutputWriter {
  /** Whether nothing goes out that is not declared. */
  readonly demandsDeclaration: boolean;
  /**
   * @param where for the log: what was called, one of a fixed few.
   * @returns finds what a client may see; `undefined` where nothing may go out to it, which is reported once.
   */
  prepare(
    where: string,
    event: string,
    data: unknown,
    options: WsSendOptions,
  ): (recipient: OutputRecipient) => OutputView | undefined;
}
