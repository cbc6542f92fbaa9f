import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { forMember, type MemberRows } from '../database/row-security.js';
import type { Membership } from '../rooms/rooms.service.js';

/** Messages in one answer to `message.history`. */
export const HISTORY_PAGE = 50;

/** A message as it goes to the pages. */
export interface ChatMessage {
  readonly id: number;
  readonly roomId: string;
  readonly author: { readonly id: string; readonly name: string };
  /** Text, never markup. */
  readonly text: string;
  /** ISO 8601. */
  readonly sentAt: string;
}

/** A stretch of a room's messages, the oldest first. */
export interface HistoryPage {
  readonly roomId: string;
  readonly messages: readonly ChatMessage[];
  /** Whether there are older ones. */
  readonly hasMore: boolean;
}

interface MessageRow {
  readonly id: number;
  readonly room_id: string;
  readonly author_id: string;
  readonly author_name: string;
  readonly text: string;
  readonly sent_at: Date;
}

/** The messages of the rooms. */
@Injectable()
export class MessagesService {
  constructor(private readonly database: Database) {}

  /** Stores a message of a member. */
  async add({ roomId, userId, userName }: Membership, text: string): Promise<ChatMessage> {
    const [row] = await forMember(this.database, { memberId: userId }, (database) =>
      database.query<{ id: number; sent_at: Date }>(
        'INSERT INTO messages (room_id, author_id, text) VALUES ($1, $2, $3) RETURNING id, sent_at',
        [roomId, userId, text],
      ),
    );
    if (row === undefined) throw new Error('The database stored a message and returned no row.');
    return { id: row.id, roomId, author: { id: userId, name: userName }, text, sentAt: row.sent_at.toISOString() };
  }

  /** Reads the newest messages of a room, or the newest that are older than `before`: of the rooms of one person. */
  async history(own: MemberRows, roomId: string, before?: number): Promise<HistoryPage> {
    const rows = await forMember(this.database, own, (database) =>
      database.query<MessageRow>(
        `SELECT messages.id, messages.room_id, messages.author_id, users.display_name AS author_name, messages.text,
              messages.sent_at
         FROM messages JOIN users ON users.id = messages.author_id
        WHERE messages.room_id = $1 AND ($2::integer IS NULL OR messages.id < $2::integer)
        ORDER BY messages.id DESC
        LIMIT $3`,
        // One more than a page tells whether there is another page.
        [roomId, before ?? null, HISTORY_PAGE + 1],
      ),
    );
    const messages = rows.slice(0, HISTORY_PAGE).reverse().map(toMessage);
    return { roomId, messages, hasMore: rows.length > HISTORY_PAGE };
  }
}

function toMessage(row: MessageRow): ChatMessage {
  return {
    id: row.id,
    roomId: row.room_id,
    author: { id: row.author_id, name: row.author_name },
    text: row.text,
    sentAt: row.sent_at.toISOString(),
  };
}
