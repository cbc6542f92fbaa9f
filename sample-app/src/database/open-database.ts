import { Logger } from '@nestjs/common';
import type { Database } from './database.js';
import { migrate } from './migrate.js';
import { PgliteDatabase } from './pglite.database.js';
import { PostgresDatabase } from './postgres.database.js';
import { withRowSecurity } from './row-security.js';

/** Where the app keeps its data. `'memory'` is for tests. */
export type DatabaseLocation = 'memory' | { readonly directory: string } | { readonly url: string };

/** Opens the database, brings its tables up to date, and goes on with the rights that the app needs and no more. */
export async function openDatabase(location: DatabaseLocation): Promise<Database> {
  const database = await connect(location);
  try {
    await migrate(database);
  } catch (error) {
    await database.close();
    throw error;
  }
  return withRowSecurity(database);
}

async function connect(location: DatabaseLocation): Promise<Database> {
  if (location === 'memory') return PgliteDatabase.open();
  if ('directory' in location) return PgliteDatabase.open(location.directory);
  const logger = new Logger('Database');
  return PostgresDatabase.open({
    url: location.url,
    onError: (error) => logger.warn(`A database connection was lost: ${error.message}`),
  });
}
