/** A value that may stand for `$1`, `$2`, ... of a statement. */
export type SqlParameter = string | number | boolean | Date | null;

/**
 * The little of PostgreSQL that the app needs; also the injection token. Values reach a statement only as parameters,
 * never as part of its text.
 */
export abstract class Database {
  /** Runs one statement and returns its rows. */
  abstract query<Row extends object>(sql: string, parameters?: readonly SqlParameter[]): Promise<Row[]>;

  /** Runs a script of several statements, without parameters. For migrations. */
  abstract runScript(sql: string): Promise<void>;

  /** Runs `work` in a transaction: a throw rolls back and is passed on. One within another is a part of that one. */
  abstract transaction<Result>(work: (database: Database) => Promise<Result>): Promise<Result>;

  /**
   * Gives up the rights of the user that opened it for those of a role, on every connection.
   *
   * @param role - a name of the app's, never of a client.
   * @returns the database to use from now on; this one is at its end.
   */
  abstract enterRole(role: 'chat_app'): Promise<Database>;

  /** Ends all connections. */
  abstract close(): Promise<void>;
}
