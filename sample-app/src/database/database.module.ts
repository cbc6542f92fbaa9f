import { Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';
import { Database } from './database.js';

/** Hands the opened {@link Database} to every module. */
@Module({})
export class DatabaseModule implements OnApplicationShutdown {
  constructor(private readonly database: Database) {}

  static forRoot(database: Database): DynamicModule {
    return {
      module: DatabaseModule,
      global: true,
      providers: [{ provide: Database, useValue: database }],
      exports: [Database],
    };
  }

  /** The last of Nest's shutdown hooks: the handlers that still run have their database until they are done. */
  onApplicationShutdown(): Promise<void> {
    return this.database.close();
  }
}
