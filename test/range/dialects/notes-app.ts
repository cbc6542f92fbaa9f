import type { Flaw } from '../range-flaws.js';
import { RANGE } from '../range-server.js';
import { takesForged } from '../range-tokens.js';

/** Who speaks. */
export type User = 'A' | 'B';

/** What an event came to. */
export type Outcome = { readonly data: unknown } | { readonly code: string };

const MAX_MESSAGES = 150;

/** The notes of the range without the form of any dialect: who may log in, and who is answered what. One for each connection. */
export class NotesApp {
  private count = 0;

  constructor(readonly has: (flaw: Flaw) => boolean) {}

  /** Whose token it is. */
  login(token: unknown): User | undefined {
    if (token === RANGE.token) return 'A';
    if (token === RANGE.tokenB) return 'B';
    if (typeof token === 'string' && takesForged(token, this.has)) return 'A';
    if (this.has('expired-token') && token === RANGE.expired) return 'A';
    return this.has('anonymous') ? 'A' : undefined;
  }

  /** Answers an event: those of the range have a dot, which GraphQL has not. */
  ask(user: User, event: unknown): Outcome {
    if (++this.count > MAX_MESSAGES && !this.has('any-message-rate')) return { code: 'THROTTLED' };
    if (event === 'note.list') return { data: [] };
    if (event === 'note.read' && (user === 'A' || this.has('any-record'))) return { data: { text: 'Buy milk' } };
    return { code: event !== 'note.purge' && this.has('told-apart') ? 'UNKNOWN_EVENT' : 'FORBIDDEN' };
  }

  /** What is said of a message that cannot be read. */
  broken(error: unknown): string {
    return this.has('stack-trace') && error instanceof Error ? String(error.stack) : 'BAD_MESSAGE';
  }
}
