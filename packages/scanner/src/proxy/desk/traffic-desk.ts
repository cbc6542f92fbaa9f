import { type Decision, type Direction, FORWARD, type ProxyMessage } from '../proxy-message.js';
import { applyRule } from '../rules/apply-rule.js';
import { ExaminedMessage } from '../rules/examined-message.js';
import { fitsRule } from '../rules/fits-rule.js';
import type { Rule } from '../rules/rule.js';
import { type After, afterTimeout, HeldMessages, MAX_HELD } from './held-messages.js';
import { type LoggedMessage, MessageLog, type MessageState } from './message-log.js';

/** A line that can be sent on. */
export interface OpenConnection {
  /** Shows a text without the credentials of its handshake. @param isCut whether there is more of it. */
  readonly redact: (text: string, isCut: boolean) => string;
  /**
   * Sends a message of the desk's own, no faster than the other side takes it.
   *
   * @returns how often it was sent: less than `times` where the connection ended.
   */
  readonly inject: (direction: Direction, isBinary: boolean, data: Buffer, times: number) => Promise<number>;
}

/** Who is told of what happens. */
export interface DeskListener {
  readonly onMessage: (entry: LoggedMessage) => void;
  /** @param connection `undefined` for what is of none. */
  readonly onNote: (connection: number | undefined, text: string) => void;
}

/** How much of a message is looked at to show its beginning, and how much is shown, in characters. */
const MAX_READ = 20_000;
const MAX_SHOWN = 2000;

/** What a desk takes. */
export interface DeskOptions {
  readonly rules: readonly Rule[];
  /** After which a held message goes through as it came. */
  readonly holdMs: number;
  /** @default the timers of Node */
  readonly after?: After;
}

/** A pattern of the person at the desk: comes before all rules. */
export type BreakPattern = Pick<Rule['when'], 'direction' | 'contains'>;

/** Where rules and people decide what becomes of each message. */
export class TrafficDesk {
  readonly held: HeldMessages;
  readonly log = new MessageLog();
  private readonly connections = new Map<number, OpenConnection>();
  private readonly listeners = new Set<DeskListener>();
  private breaksOn: BreakPattern | undefined;
  private lastId = 0;
  private lastConnection = 0;

  constructor(private readonly options: DeskOptions) {
    this.held = new HeldMessages(options.after ?? afterTimeout);
  }

  get openConnections(): readonly number[] {
    return [...this.connections.keys()];
  }

  get breakPattern(): BreakPattern | undefined {
    return this.breaksOn;
  }

  /** Sets what is held from now on, beside what rules say; nothing where `undefined`. */
  breakOn(pattern: BreakPattern | undefined): void {
    this.breaksOn = pattern;
  }

  /** @returns what ends it. */
  listen(listener: DeskListener): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  note(connection: number | undefined, text: string): void {
    for (const { onNote } of this.listeners) onNote(connection, text);
  }

  /** The number of the next connection, from 1. */
  nextConnection(): number {
    return ++this.lastConnection;
  }

  /** @returns what takes it off the desk. */
  connect(number: number, connection: OpenConnection): () => void {
    this.connections.set(number, connection);
    return () => void this.connections.delete(number);
  }

  /** Decides what becomes of a message. @param gone aborts when it can reach nobody any more. */
  decide(came: Omit<ProxyMessage, 'id'>, gone: AbortSignal): Decision | Promise<Decision> {
    const message = { ...came, id: ++this.lastId };
    const settle = (decision: Decision): Decision => {
      const { kind, data, why = '' } = decision;
      const state = kind === 'drop' ? 'dropped' : data === undefined ? 'passed' : 'changed';
      this.put(data === undefined ? message : { ...message, data }, state, why);
      return decision;
    };
    const rule = this.ruleFor(message);
    if (rule === undefined) return settle(FORWARD);
    const { name: why, action } = rule;
    if (action.do !== 'break' && action.do !== 'delay') return settle(applyRule(message, action, why));
    if (this.held.isFull) return settle({ ...FORWARD, why: `${why}: ${MAX_HELD} messages are held already` });
    const isDelay = action.do === 'delay';
    const late: Decision = { ...FORWARD, why: isDelay ? why : `${why}: nobody decided in time` };
    const decision = this.held.hold(message, isDelay ? action.ms : this.options.holdMs, late, gone);
    this.put(message, 'held', why);
    return decision.then(settle);
  }

  /**
   * Sends a message of the log again, on its connection or on another one.
   *
   * @returns how often it was sent, `undefined` where there is no such message or connection.
   */
  async replay(
    id: number,
    times: number,
    change: { readonly connection?: number | undefined; readonly data?: Buffer | undefined } = {},
  ): Promise<number | undefined> {
    const { message } = this.log.get(id) ?? {};
    const data = change.data ?? message?.data;
    const number = change.connection ?? message?.connection ?? 0;
    const connection = this.connections.get(number);
    if (message === undefined || data === undefined || connection === undefined) return undefined;
    return connection.inject(message.direction, message.isBinary, data, times);
  }

  /** Writes down what was sent by {@link OpenConnection.inject}. */
  logInjected(sent: Omit<ProxyMessage, 'id'>): void {
    this.put({ ...sent, id: ++this.lastId }, 'sent again', '');
  }

  private ruleFor(came: ProxyMessage): Rule | undefined {
    const message = new ExaminedMessage(came);
    if (this.breaksOn !== undefined && fitsRule(message, this.breaksOn)) {
      return { name: 'break', when: this.breaksOn, action: { do: 'break' } };
    }
    return this.options.rules.find(({ when }) => fitsRule(message, when));
  }

  private put(message: ProxyMessage, state: MessageState, why: string): void {
    const before = this.log.get(message.id);
    const redact = this.connections.get(message.connection)?.redact;
    // Of a connection that is gone meanwhile, nobody knows the credentials any more.
    const shown = redact === undefined ? (before?.shown ?? '') : shownOf(message, redact);
    const entry: LoggedMessage = { message, state, why, shown, time: before?.time ?? Date.now() };
    this.log.put(entry);
    for (const { onMessage } of this.listeners) onMessage(entry);
  }
}

/** What is shown is cut behind the redaction: half of a secret is one still. */
function shownOf({ isBinary, data }: ProxyMessage, redact: OpenConnection['redact']): string {
  if (data === undefined) return 'cannot be read';
  if (isBinary) return `binary, ${data.length} bytes`;
  const isCut = data.length > MAX_READ;
  const text = redact(data.toString('utf8', 0, MAX_READ), isCut);
  return isCut || text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}
