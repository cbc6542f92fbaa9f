import { Pool, type PoolClient } from 'pg';
import { Database, type SqlParameter } from './database.js';

/** Where a server is, and as whom. */
export interface PostgresSource {
  /** Such as `postgres://user@host/database`. */
  readonly url: string;
  /** Told when an idle connection is lost; the pool replaces it by itself. */
  readonly onError: (error: Error) => void;
  /** The role of every connection. @default that of the user */
  readonly role?: 'chat_app';
}

/** A PostgreSQL server, through a pool of connections. */
export class PostgresDatabase extends Database {
  private constructor(
    private readonly pool: Pool,
    private readonly source: PostgresSource,
    private readonly session: Pool | PoolClient = pool,
  ) {
    super();
  }

  static open(source: PostgresSource): PostgresDatabase {
    const pool = new Pool({
      connectionString: source.url,
      // Part of the start of each connection: there is none, however short, with the rights of its user.
      ...(source.role !== undefined && { options: `-c role=${source.role}` }),
      max: 10,
      connectionTimeoutMillis: 5_000,
      statement_timeout: 10_000,
    });
    // Without a listener the loss of an idle connection would end the process.
    pool.on('error', source.onError);
    return new PostgresDatabase(pool, source);
  }

  override async query<Row extends object>(sql: string, parameters: readonly SqlParameter[] = []): Promise<Row[]> {
    const result = await this.session.query<Row & Record<string, unknown>>(sql, [...parameters]);
    return result.rows;
  }

  override async runScript(sql: string): Promise<void> {
    await this.session.query(sql);
  }

  override async transaction<Result>(work: (database: Database) => Promise<Result>): Promise<Result> {
    // Another connection would not see what this one has done so far.
    if (this.session !== this.pool) return work(this);
    const client = await this.pool.connect();
    try {
      await client.query('BEGIN');
      const result = await work(new PostgresDatabase(this.pool, this.source, client));
      await client.query('COMMIT');
      client.release();
      return result;
    } catch (error) {
      // Destroying the connection rolls back, also where the connection itself is what failed.
      client.release(true);
      throw error;
    }
  }

  override async enterRole(role: 'chat_app'): Promise<Database> {
    await this.close();
    return PostgresDatabase.open({ ...this.source, role });
  }

  override async close(): Promise<void> {
    if (!this.pool.ended) await this.pool.end();
  }
}
