import { mkdir } from 'node:fs/promises';
import { PGlite, type Transaction } from '@electric-sql/pglite';
import { Database, type SqlParameter } from './database.js';

/** PostgreSQL inside the process, with its data in a folder or in memory. */
export class PgliteDatabase extends Database {
  private constructor(
    private readonly pglite: PGlite,
    private readonly session: PGlite | Transaction = pglite,
  ) {
    super();
  }

  /** @param directory - where the data lies; in memory without it. */
  static async open(directory?: string): Promise<PgliteDatabase> {
    if (directory !== undefined) await mkdir(directory, { recursive: true, mode: 0o700 });
    return new PgliteDatabase(await PGlite.create(directory ?? 'memory://'));
  }

  override async query<Row extends object>(sql: string, parameters: readonly SqlParameter[] = []): Promise<Row[]> {
    return (await this.session.query<Row>(sql, [...parameters])).rows;
  }

  override async runScript(sql: string): Promise<void> {
    await this.session.exec(sql);
  }

  override transaction<Result>(work: (database: Database) => Promise<Result>): Promise<Result> {
    if (this.session !== this.pglite) return work(this);
    return this.pglite.transaction((transaction) => work(new PgliteDatabase(this.pglite, transaction)));
  }

  override async enterRole(role: 'chat_app'): Promise<Database> {
    await this.pglite.exec(`SET ROLE ${role}`);
    return this;
  }

  override async close(): Promise<void> {
    if (!this.pglite.closed) await this.pglite.close();
  }
}
