import { type BeforeApplicationShutdown, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { ApplicationConfig, HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import { WsAdapter } from '@nestjs/platform-ws';
import { ConnectionAcceptor } from './adapter/connection-acceptor.js';
import { SecureWsAdapter } from './adapter/secure-ws.adapter.js';
import { BootSequence } from './boot/boot-sequence.js';
import type { BootProblems } from './core/boot-problems.js';
import type { SecureWsRuntime } from './secure-ws.runtime.js';

type IoAdapter = Parameters<ApplicationConfig['setIoAdapter']>[0];

/** Puts the adapter in place, and follows the application through its boot and its end. */
export class SecureWsInstaller implements OnModuleInit, BeforeApplicationShutdown, OnApplicationShutdown {
  readonly #adapter: SecureWsAdapter;
  readonly #boot: BootSequence;
  readonly #logger = new Logger('SecureWs');

  constructor(
    config: ApplicationConfig,
    host: HttpAdapterHost,
    modules: ModulesContainer,
    private readonly runtime: SecureWsRuntime,
    problems: BootProblems,
  ) {
    const acceptor = new ConnectionAcceptor(runtime);
    this.#boot = new BootSequence({ modules, config, runtime, hooks: acceptor, problems });
    this.#adapter = new SecureWsAdapter(host, runtime, acceptor, () => {
      this.#boot.prepare();
    });
    if (!runtime.options.adapter) return;
    config.setIoAdapter(this.#adapter);
    // An adapter that is set after ours would take the gateways away from every check. Ours stays, and the boot fails:
    // letting the other one in until a later hook would have its ports open by then.
    config.setIoAdapter = (other: IoAdapter) => {
      this.#onOtherAdapter(other, problems);
    };
  }

  onModuleInit(): void {
    // An application without a gateway never sets up its adapter; its options are checked all the same.
    this.#boot.prepare();
  }

  /** The application has started: ports are opened, and handshakes admitted. */
  async start(): Promise<void> {
    await this.#boot.finish();
    this.#adapter.checkOtherListeners();
    await this.#adapter.listen();
    this.runtime.start();
    if (process.env['NODE_ENV'] === 'production' && process.listenerCount('SIGTERM') === 0) {
      this.#logger.warn('SIGTERM would cut every connection off (1006). Call app.enableShutdownHooks() in main.ts.');
    }
  }

  /** The application shuts down: connections leave before anything that their handlers use is destroyed. */
  async drain(): Promise<void> {
    await this.runtime.lifecycle.drain();
  }

  async beforeApplicationShutdown(): Promise<void> {
    // The drain has run by now, unless Nest no longer heeds the order of ShutdownOrder.
    await this.drain();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.runtime.stop();
  }

  #onOtherAdapter(other: IoAdapter, problems: BootProblems): void {
    const type: unknown = Object.getPrototypeOf(other);
    if (type === WsAdapter.prototype) {
      this.#logger.log(
        'The WsAdapter that main.ts sets is not needed: SecureWsModule brings its own, and has taken over.',
      );
      return;
    }
    if (type === SecureWsAdapter.prototype) {
      problems.add(
        'SecureWsModule',
        'is imported twice: its second forRoot() would replace the checks of the first.',
        'import SecureWsModule.forRoot() once, in the root module; it is global',
      );
      return;
    }
    problems.add(
      'app.useWebSocketAdapter()',
      `sets ${other.constructor.name} over the adapter of SecureWsModule.`,
      'remove the call from main.ts: the module installs its own adapter',
    );
  }
}
