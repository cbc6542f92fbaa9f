import { readdir, readFile } from 'node:fs/promises';
import type { Database } from './database.js';

/** The same relative place from `src/` and from `dist/`. */
const MIGRATIONS = new URL('../../migrations/', import.meta.url);

/** Any number that no other program uses as a lock on the same database. */
const LOCK = 734_421_001;

/**
 * Runs the scripts of `migrations/` that this database has not seen, in the order of their names, all or none.
 *
 * @returns the names of those that ran.
 */
export async function migrate(database: Database, folder: URL = MIGRATIONS): Promise<string[]> {
  const scripts = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort();
  return database.transaction(async (transaction) => {
    // Only who owns the tables may change them, whatever role the app works in.
    await transaction.query("SELECT set_config('role', 'none', true)");
    // Two processes that start at once must not both create the tables; the lock ends with the transaction.
    await transaction.query('SELECT pg_advisory_xact_lock($1)', [LOCK]);
    await transaction.runScript(
      'CREATE TABLE IF NOT EXISTS migrations (name text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())',
    );
    const done = new Set(
      (await transaction.query<{ name: string }>('SELECT name FROM migrations')).map((row) => row.name),
    );
    const missing = scripts.filter((name) => !done.has(name));
    for (const name of missing) {
      await transaction.runScript(await readFile(new URL(name, folder), 'utf8'));
      await transaction.query('INSERT INTO migrations (name) VALUES ($1)', [name]);
    }
    return missing;
  });
}
