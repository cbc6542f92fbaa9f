import type { Direction } from '../proxy-message.js';

/** What a message has to be for a rule. All that is given has to hold. */
export interface RuleCondition {
  readonly direction?: Direction | undefined;
  /** The name of the event, operation or field, as the dialects of the scanner read it. */
  readonly event?: string | undefined;
  /** A text in the message. */
  readonly contains?: string | undefined;
  /** The whole message, where `*` is any text and `?` any character. */
  readonly like?: string | undefined;
  /** Values in a message of JSON, by their JSON Pointer (RFC 6901). */
  readonly json?: Readonly<Record<string, unknown>> | undefined;
}

/** What a rule does. */
export type RuleAction =
  | { readonly do: 'break' | 'drop' }
  /** The whole text, or every place of `find` in it. */
  | { readonly do: 'replace'; readonly find?: string | undefined; readonly with: string }
  | { readonly do: 'delay'; readonly ms: number }
  | { readonly do: 'replay'; readonly times: number };

/** A rule. Of several that a message fits, the first one decides. */
export interface Rule {
  /** What it is called in the terminal and on the page. */
  readonly name: string;
  readonly when: RuleCondition;
  readonly action: RuleAction;
}
