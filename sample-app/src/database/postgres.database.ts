import { Pool, type PoolClient } from 'pg';
import { Database, type SqlParameter } from './database.js';

/** A PostgreSQL server, through a pool of connections. */
export class PostgresDatabase extends Database {
  private constructor(
    private readonly pool: Pool,
    private readonly session: Pool | PoolClient = pool,
  ) {
    super();
  }

  /**
   * @param url - such as `postgres://user@host/database`.
   * @param onError - told when an idle connection is lost; the pool replaces it by itself.
   */
  static open(url: string, onError: (error: Error) => void): PostgresDatabase {
    const pool = new Pool({
      connectionString: url,
      max: 10,
      connectionTimeoutMillis: 5_000,
      statement_timeout: 10_000,
    });
    // Without a listener the loss of an idle connection would end the process.
    pool.on('error', onError);
    return new PostgresDatabase(pool);
  }

  override async query<Row extends object>(sql: string, parameters: readonly SqlParameter[] = []): Promise<Row[]> {
    const result = await this.session.query<Row & Record<string, unknown>>(sql, [...parameters]);
    return result.rows;
  }

  override async runScript(sql: string): Promise<void> {
    await this.session.query(sql);
  }

  override async transaction<Result>(work: (database: Database) => Promise<Result>): Promise<Result> {
    const client = await this.pool.connect();
    try {
      await client.query('BEGIN');
      const result = await work(new PostgresDatabase(this.pool, client));
      await client.query('COMMIT');
      client.release();
      return result;
    } catch (error) {
      // Destroying the connection rolls back, also where the connection itself is what failed.
      client.release(true);
      throw error;
    }
  }

  override async close(): Promise<void> {
    if (!this.pool.ended) await this.pool.end();
  }
}
