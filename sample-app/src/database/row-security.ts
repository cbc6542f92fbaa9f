import type { Database } from './database.js';

/** The role of migration 002. */
const APP_ROLE = 'chat_app';

/** The row filter of the chat: whose rows a query may see and write. PostgreSQL holds it, whatever the query says. */
export interface MemberRows {
  /** The id of a person. */
  readonly memberId: string;
}

/**
 * Runs work on the rows of one person.
 *
 * The setting ends with the transaction: a connection goes back to the pool without it, and who forgets it sees nothing.
 */
export function forMember<Result>(
  database: Database,
  { memberId }: MemberRows,
  work: (database: Database) => Promise<Result>,
): Promise<Result> {
  return database.transaction(async (transaction) => {
    await transaction.query("SELECT set_config('chat.member_id', $1, true)", [memberId]);
    return work(transaction);
  });
}

/**
 * Gives up the rights of who ran the migrations.
 *
 * @returns the database for everything that follows.
 * @throws Error where the rows of messages are not filtered all the same.
 */
export async function withRowSecurity(owner: Database): Promise<Database> {
  const database = await owner.enterRole(APP_ROLE);
  try {
    const [row] = await database.query<{ role: string; active: boolean }>(
      "SELECT current_user AS role, row_security_active('messages') AS active",
    );
    if (row?.role === APP_ROLE && row.active) return database;
    throw new Error(
      `The role "${APP_ROLE}" must filter rows: take SUPERUSER and BYPASSRLS from it, and "options" out of DATABASE_URL.`,
    );
  } catch (error) {
    await database.close();
    throw error;
  }
}
