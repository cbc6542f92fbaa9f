import type { HarEntry, HarMessage } from '../har/har-entry.js';

/** What a recording keeps at most. */
export interface RecordingLimits {
  /** @default 1000 */
  readonly maxEntries: number;
  /** Over all connections. @default 20000 */
  readonly maxMessages: number;
  /** Of all messages, as they are written. @default 33554432 */
  readonly maxCharacters: number;
}

/** The defaults of {@link RecordingLimits}. */
export const RECORDING_LIMITS: RecordingLimits = Object.freeze({
  maxEntries: 1000,
  maxMessages: 20_000,
  maxCharacters: 33_554_432,
});

type RecordedEntry = Omit<HarEntry, 'messages'> & { readonly messages: HarMessage[] };

/** All that went through the proxy, up to its limits: what comes later goes through, and is not kept. */
export class Recording {
  private readonly kept: RecordedEntry[] = [];
  private messages = 0;
  private characters = 0;
  private wasCut = false;

  constructor(private readonly limits: RecordingLimits = RECORDING_LIMITS) {}

  get entries(): readonly HarEntry[] {
    return this.kept;
  }

  /** Whether more went through than is kept. */
  get isCut(): boolean {
    return this.wasCut;
  }

  /** Begins the entry of a connection. @returns what takes its messages. */
  begin(entry: Omit<HarEntry, 'messages'>): (message: HarMessage) => void {
    const messages: HarMessage[] = [];
    if (this.kept.length < this.limits.maxEntries) this.kept.push({ ...entry, messages });
    else this.wasCut = true;
    return (message) => this.keep(messages, message);
  }

  private keep(messages: HarMessage[], message: HarMessage): void {
    const characters = this.characters + message.data.length;
    if (this.messages >= this.limits.maxMessages || characters > this.limits.maxCharacters) this.wasCut = true;
    if (this.wasCut) return;
    this.characters = characters;
    this.messages++;
    messages.push(message);
  }
}
