import type { IncomingHttpHeaders } from 'node:http';
import type { Flaw } from './range-flaws.js';

const MAX_MESSAGES = 150;
const MAX_DEPTH = 32;
/** No note is longer, whatever the server takes: counting its brackets would hold everybody up. */
const MAX_LENGTH = 1_048_576;

/** Who sends messages, and what the server keeps of all of them. */
export interface NotesSession {
  readonly user: 'A' | 'B' | undefined;
  readonly headers: IncomingHttpHeaders;
  /** Those that were taken. */
  readonly nonces: Set<string>;
  readonly has: (flaw: Flaw) => boolean;
  /** Ends the server, as an error that nobody catches does. */
  readonly die: () => void;
}

/** What one connection answers to a message. */
export function answering({ user, headers, nonces, has, die }: NotesSession): (message: string) => string {
  let count = 0;
  return (message) => {
    if (++count > MAX_MESSAGES && !has('any-message-rate')) return errorFrame('THROTTLED');
    if (message.length > MAX_LENGTH) return errorFrame('BAD_MESSAGE');
    if (depthOf(message) > MAX_DEPTH && !has('any-depth')) return errorFrame('BAD_MESSAGE');
    try {
      const { event, data } = JSON.parse(message) as { readonly event: unknown; readonly data: unknown };
      if (event === 'note.list') return list(data as { folder: unknown }, has);
      if (event === 'note.read' && (has('any-record') || user !== 'B')) return read(data as { noteId: unknown });
      if (event === 'note.share') return share(data as Shared, nonces, has);
      if (event === 'note.purge' && (has('undeclared') || (has('prototype-keys') && seemsAdmin(data as object))))
        return frame('note.purged', {});
      return errorFrame(event !== 'note.purge' && has('told-apart') ? 'UNKNOWN_EVENT' : 'FORBIDDEN');
    } catch (error) {
      if (has('dies')) die();
      return errorFrame(
        has('stack-trace') ? `${(error as Error).stack} of ${headers.authorization}, ${headers.cookie}` : 'BAD_MESSAGE',
      );
    }
  };
}

const frame = (event: string, data: unknown): string => JSON.stringify({ event, data });

const errorFrame = (code: string): string => frame('error', { code });

function list({ folder }: { readonly folder: unknown }, has: (flaw: Flaw) => boolean): string {
  if (typeof folder !== 'string') return errorFrame('BAD_MESSAGE');
  if (has('templates')) return frame('note.list', { folder: rendered(folder), notes: [] });
  return /^[\w-]+$/.test(folder) ? frame('note.list', { folder, notes: [] }) : errorFrame('BAD_MESSAGE');
}

/** As a template engine would. */
const rendered = (text: string): string =>
  text.replace(/\{\{(\d+)\*(\d+)\}\}/, (_, one, other) => String(Number(one) * Number(other)));

const read = ({ noteId }: { readonly noteId: unknown }): string =>
  typeof noteId === 'number' ? frame('note.read', { text: 'Buy milk' }) : errorFrame('BAD_MESSAGE');

interface Shared {
  readonly noteId: unknown;
  readonly nonce: unknown;
}

function share({ noteId, nonce }: Shared, nonces: Set<string>, has: (flaw: Flaw) => boolean): string {
  if (typeof noteId !== 'number') return errorFrame('BAD_MESSAGE');
  if (typeof nonce !== 'string' || !/^[\w-]{8,64}$/.test(nonce)) return errorFrame('BAD_MESSAGE');
  if (nonces.has(nonce) && !has('replays')) return errorFrame('REPLAYED');
  nonces.add(nonce);
  return frame('note.shared', { nonce });
}

/** Merged without a thought: what stands under `__proto__` becomes the prototype, and no field of the message. */
const seemsAdmin = (data: object): boolean =>
  !Object.hasOwn(data, 'isAdmin') && (Object.assign({}, data) as { readonly isAdmin?: unknown }).isAdmin === true;

/** How deep the brackets of a text go, in texts of a message too. */
export function depthOf(message: string): number {
  let depth = 0;
  let most = 0;
  for (let at = 0; at < message.length; at++) {
    const character = message[at];
    if (character === '[' || character === '{') most = Math.max(most, ++depth);
    else if (character === ']' || character === '}') depth--;
  }
  return most;
}
