import type { ProxyMessage } from '../proxy-message.js';

const MAX_MESSAGES = 1000;
const MAX_BYTES = 16_777_216;

/** What has become of a message so far. */
export type MessageState = 'held' | 'passed' | 'changed' | 'dropped' | 'sent again';

/** A line of the log. */
export interface LoggedMessage {
  readonly message: ProxyMessage;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly state: MessageState;
  /** The rule that decided, or what else did; empty where nothing did. */
  readonly why: string;
  /** The beginning of the message, without credentials. */
  readonly shown: string;
}

/** The last thousand messages, of at most 16 MiB, to be looked at and sent again. */
export class MessageLog {
  private readonly kept = new Map<number, LoggedMessage>();
  private bytes = 0;

  /** The earliest first. */
  get entries(): readonly LoggedMessage[] {
    return [...this.kept.values()];
  }

  get(id: number): LoggedMessage | undefined {
    return this.kept.get(id);
  }

  /** Adds a message, or says what has become of one that is there. */
  put(entry: LoggedMessage): void {
    const before = this.kept.get(entry.message.id);
    this.bytes += sizeOf(entry) - (before === undefined ? 0 : sizeOf(before));
    this.kept.set(entry.message.id, entry);
    for (const [id, one] of this.kept) {
      if (this.kept.size <= MAX_MESSAGES && this.bytes <= MAX_BYTES) break;
      this.kept.delete(id);
      this.bytes -= sizeOf(one);
    }
  }
}

function sizeOf({ message }: LoggedMessage): number {
  return message.data?.length ?? 0;
}
