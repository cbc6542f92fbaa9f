import type { OptionReader } from '../core/option-reader.js';

/** The `output` options: what of the application's data goes out to clients. */
export interface OutputOptions {
  /**
   * What happens to a field that an output DTO does not expose: with `drop` it stays here; with `fail` nothing goes out,
   * the client gets `INTERNAL`, and the log names handler and field. `fail` is for development and tests: it finds what
   * would silently be missing, or should never have been loaded.
   *
   * @default 'drop'
   */
  readonly undeclaredFields?: 'drop' | 'fail';
  /**
   * What happens to a reply of a handler without `@WsReply`, and to what is sent without `as`: with `send` it goes out
   * whole; with `fail` nothing does, and the client gets `INTERNAL`.
   *
   * @default 'send'
   */
  readonly undeclaredReplies?: 'send' | 'fail';
}

/** {@link OutputOptions} with defaults filled. */
export type ResolvedOutputOptions = Readonly<Required<OutputOptions>>;

/** Reads the `output` options. */
export function resolveOutputOptions(reader: OptionReader): ResolvedOutputOptions {
  return reader.finish({
    undeclaredFields: reader.oneOf('undeclaredFields', ['drop', 'fail'], 'drop'),
    undeclaredReplies: reader.oneOf('undeclaredReplies', ['send', 'fail'], 'send'),
  });
}
