import { AppModule } from './app.module.js';
import { Database } from './database/database.js';

const ORIGIN = 'https://localhost:3443';

/** Whoever reads the policy of the app asks nothing of its database. */
class NoDatabase extends Database {
  override query(): Promise<never> {
    return Promise.reject(new Error('There is no database: the app is only put together for its policy.'));
  }

  override runScript(): Promise<never> {
    return this.query();
  }

  override transaction(): Promise<never> {
    return this.query();
  }

  override enterRole(): Promise<never> {
    return this.query();
  }

  override close(): Promise<void> {
    return Promise.resolve();
  }
}

/** The app as it is by default, for `npm run policy`: neither a port nor a database is needed to say who may do what. */
export const policyModule = AppModule.forRoot(
  {
    publicUrl: ORIGIN,
    origins: [ORIGIN, 'https://127.0.0.1:3443'],
    accessMs: 15 * 60_000,
    accountServer: { issuer: 'http://127.0.0.1:3090', clientId: 'chat', clientSecret: 'never used' },
  },
  new NoDatabase(),
);
