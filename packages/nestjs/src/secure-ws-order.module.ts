import { Module, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { SecureWsInstaller } from './secure-ws.installer.js';

/**
 * Starts last and drains first.
 *
 * Nest runs the hooks of modules by their distance from the root: bootstrap hooks from the root outwards, destroy hooks
 * from the far end. A distance below the root's puts this module at the end of the one and at the beginning of the other,
 * so that a handler that still runs while the connections leave finds its database open. `beforeApplicationShutdown`
 * comes too late for that: it runs after every `onModuleDestroy`.
 */
@Module({})
export class SecureWsOrderModule implements OnApplicationBootstrap, OnModuleDestroy {
  constructor(
    modules: ModulesContainer,
    private readonly installer: SecureWsInstaller,
  ) {
    for (const module of modules.values()) {
      if (module.metatype === SecureWsOrderModule) module.distance = BEFORE_THE_ROOT;
    }
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.installer.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.installer.drain();
  }
}

const BEFORE_THE_ROOT = -1;
