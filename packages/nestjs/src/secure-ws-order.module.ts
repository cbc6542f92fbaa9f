import { Module, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { startLastAndEndFirst } from './nest/module-order.js';
import { SecureWsInstaller } from './secure-ws.installer.js';

/**
 * Starts last and drains first, so that a handler that still runs while the connections leave finds its database open.
 * `beforeApplicationShutdown` comes too late for that: it runs after every `onModuleDestroy`.
 */
@Module({})
export class SecureWsOrderModule implements OnApplicationBootstrap, OnModuleDestroy {
  constructor(
    modules: ModulesContainer,
    private readonly installer: SecureWsInstaller,
  ) {
    startLastAndEndFirst(modules, SecureWsOrderModule);
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.installer.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.installer.drain();
  }
}
