import { jsonValue } from '../../dialect/dialect.js';
import { DIALECTS, dialectOf } from '../../dialect/dialects.js';
import type { ProxyMessage } from '../proxy-message.js';

/** How much of a message rules look at, in characters. */
export const MAX_EXAMINED = 262_144;

/** A message as rules look at it, of which there may be a hundred: what one has read, the next ones know. */
export class ExaminedMessage {
  private readText: { readonly is: string | undefined } | undefined;
  private readEvent: { readonly is: string | undefined } | undefined;
  private readJson: { readonly is: unknown } | undefined;

  constructor(private readonly message: ProxyMessage) {}

  get direction(): ProxyMessage['direction'] {
    return this.message.direction;
  }

  /** The beginning; `undefined` for what is binary, or cannot be read. */
  get text(): string | undefined {
    const { isBinary, data } = this.message;
    this.readText ??= { is: isBinary ? undefined : data?.toString('utf8', 0, MAX_EXAMINED) };
    return this.readText.is;
  }

  /** The name of the event, as the dialect has it that the message is written in. */
  get event(): string | undefined {
    const { text } = this;
    if (text === undefined) return undefined;
    this.readEvent ??= { is: (dialectOf([text]) ?? DIALECTS.json).eventOf(text) };
    return this.readEvent.is;
  }

  /** The value that it is in JSON; `undefined` where it is not. */
  get json(): unknown {
    if (this.text === undefined) return undefined;
    this.readJson ??= { is: jsonValue(this.text) };
    return this.readJson.is;
  }
}
