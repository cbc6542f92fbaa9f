import type { Server } from 'node:http';
import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  Logger,
  type OnApplicationShutdown,
  type OnModuleInit,
  Optional,
} from '@nestjs/common';
import { ApplicationConfig, HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import { WsAdapter } from '@nestjs/platform-ws';
import { ConnectionAcceptor } from './adapter/connection-acceptor.js';
import { SecureWsAdapter } from './adapter/secure-ws.adapter.js';
import type { BootInspection } from './boot/boot-inspection.js';
import { BootSequence } from './boot/boot-sequence.js';
import { checkServer } from './boot/other-adapter.js';
import { WsHttpServers } from './adapter/ws-http-servers.js';
import { BootProblems, SecureWsBootError } from './core/boot-problems.js';
import { TestSetup } from './core/test-setup.js';
import { type CorsWatch, watchCors } from './nest/cors-watch.js';
import { changesOf, takeAdapterSlot, watchOtherAdapter } from './nest/adapter-slot.js';
import { MODULE_PRESENCE, type ModulePresence } from './nest/module-required.guard.js';
import { type GatewayRegistration, onRegistration } from './nest/registration-watch.js';
import { SecureWsRuntime } from './secure-ws.runtime.js';
import { SocketWatch } from './socket-io/socket-watch.js';

/** How long after the boot an application listens at the latest, in milliseconds. */
const LISTENING_AFTER_MS = 10_000;

const UNREACHABLE =
  'The server of the application does not listen: nobody reaches its gateways. Call app.listen(), or name the servers ' +
  'that listen in its place: app.get(WsHttpServers).attach(server).';

/** Puts the adapter in place, and follows the application through its boot and its end. */
@Injectable()
export class SecureWsInstaller implements OnModuleInit, BeforeApplicationShutdown, OnApplicationShutdown {
  readonly #adapter: SecureWsAdapter;
  readonly #boot: BootSequence;
  #freeSlot: (() => void) | undefined;
  readonly #endWatch: () => void;
  #isRegistered = false;
  #hasStarted = false;
  #isClosed = false;
  #unreachableAfter = Infinity;
  readonly #logger = new Logger('SecureWs');
  /** What the application was told about CORS. */
  readonly cors: CorsWatch;
  readonly servers = new WsHttpServers((server) => {
    this.#attach(server);
  });

  constructor(
    private readonly config: ApplicationConfig,
    private readonly host: HttpAdapterHost,
    modules: ModulesContainer,
    private readonly runtime: SecureWsRuntime,
    private readonly problems: BootProblems,
    @Inject(MODULE_PRESENCE) private readonly presence: ModulePresence,
    sockets: SocketWatch,
    @Optional() test?: TestSetup,
  ) {
    this.cors = watchCors(host);
    this.#endWatch = onRegistration(modules, (registration) => {
      this.#checkRegistration(registration);
    });
    const hooks = new ConnectionAcceptor(runtime);
    const homes = [...modules.values()].filter(({ providers }) => providers.has(SecureWsInstaller));
    const testAuthenticators = test?.authenticators(runtime.clock) ?? [];
    this.#boot = new BootSequence({ modules, homes, config, runtime, hooks, problems, testAuthenticators });
    let isServerChecked = false;
    const prepare = (): void => {
      // Asked for with every gateway, and at the start.
      if (!isServerChecked) this.#checkServer();
      isServerChecked = true;
      this.#boot.prepare();
    };
    this.#adapter = new SecureWsAdapter(host, runtime, hooks, prepare, (error) => this.#boot.fail(error));
    if (runtime.options.adapter) {
      this.#freeSlot = takeAdapterSlot(config, this.#adapter, (other) => this.#onOtherAdapter(other));
    } else {
      this.#freeSlot = watchOtherAdapter(config, {
        onFirstAsked: () => this.#boot.prepare(),
        onServer: checkServer,
        onConnected: (client) => sockets.onConnected(client),
      });
    }
  }

  /** What the application has, without starting it. @throws {SecureWsBootError} where it would not boot. */
  inspect(): BootInspection {
    return this.#boot.inspect();
  }

  onModuleInit(): void {
    // An application without a gateway never sets up its adapter; its options are checked all the same.
    this.#boot.prepare();
    this.presence.hasBooted = true;
  }

  /** The application has started: ports are opened, and handshakes admitted. */
  async start(): Promise<void> {
    await this.#boot.finish();
    try {
      // Sinks were being opened when the application was closed: nothing would ever close them.
      if (this.#isClosed) throw new Error('The application was closed while it started.');
      this.runtime.startedParts.begin();
      this.#adapter.checkOtherListeners();
      await this.#adapter.listen();
    } catch (error) {
      this.runtime.startedParts.end();
      await this.runtime.events.close();
      throw error;
    }
    this.runtime.start();
    this.#hasStarted = true;
    this.#boot.announce(this.cors.given);
    this.#unreachableAfter = this.runtime.clock.monotonic() + LISTENING_AFTER_MS;
    this.runtime.timer.onTick((now) => this.#warnOnce(now));
    // No test has a main.ts.
    if (process.env['NODE_ENV'] !== 'test' && process.listenerCount('SIGTERM') === 0) {
      this.#logger.warn('SIGTERM would cut every connection off (1006). Call app.enableShutdownHooks() in main.ts.');
    }
  }

  /** The application shuts down: connections leave before anything that their handlers use is destroyed. */
  async drain(): Promise<void> {
    // One that a command has only looked at: there was no connection, and nothing happened that belongs on record.
    if (this.#hasStarted) await this.runtime.lifecycle.drain();
  }

  async beforeApplicationShutdown(): Promise<void> {
    // The drain has run by now, unless Nest no longer heeds the distance that SecureWsOrderModule sets.
    await this.drain();
  }

  async onApplicationShutdown(): Promise<void> {
    this.#isClosed = true;
    this.#boot.undo();
    this.cors.stop();
    this.#endWatch();
    this.#freeSlot?.();
    await this.runtime.stop();
  }

  #warnOnce(now: number): void {
    if (now < this.#unreachableAfter) return;
    this.#unreachableAfter = Infinity;
    if (this.#adapter.isUnreachable) this.#logger.warn(UNREACHABLE);
  }

  #attach(server: Server): void {
    if (!this.runtime.options.adapter) {
      throw new TypeError('With `adapter: false` the gateways are on the servers of another adapter.');
    }
    this.#adapter.attach(server);
  }

  /**
   * Nest registers all gateways. What the module has prepared is for the one time that the application does it: at another
   * time the handlers would be bound without the checks, and without the adapter of the application to a port of their own.
   */
  #checkRegistration({ config, server }: GatewayRegistration): void {
    // The type says that there is one. In a microservice of its own there is not, which #checkServer() refuses.
    const adapter = this.host.httpAdapter as HttpAdapterHost['httpAdapter'] | null | undefined;
    const hasServer = (adapter?.getHttpServer() as unknown) !== undefined;
    const isOfApplication = config === this.config && (server !== undefined) === hasServer;
    if (isOfApplication && !this.#isRegistered) {
      this.#isRegistered = true;
      return;
    }
    throw new SecureWsBootError([
      {
        where: 'app.connectMicroservice()',
        problem:
          'registers all gateways once more (deferInitialization: true), where their messages would reach the handlers without any check.',
        fix: 'leave deferInitialization out: app.connectMicroservice(options) or, for the global enhancers, app.connectMicroservice(options, { inheritAppConfig: true })',
      },
    ]);
  }

  /** A gateway is registered, so that there has to be something that it is served by. */
  #checkServer(): void {
    // The type says that there is one. In a microservice there is not.
    const adapter = this.host.httpAdapter as object | null | undefined;
    if (adapter !== null && adapter !== undefined) {
      this.#checkCertificates();
      return;
    }
    this.problems.add(
      'NestFactory.createMicroservice()',
      'makes an application without an HTTP server, and a gateway needs one for its handshakes.',
      'NestFactory.create(AppModule), then app.connectMicroservice() and app.startAllMicroservices()',
    );
  }

  /** A server that asks for no certificate never gets one. */
  #checkCertificates(): void {
    const { authentication, handshake } = this.runtime.options;
    if (authentication.clientCertificate === undefined || handshake.proxies?.clientCertificate !== undefined) return;
    if (Reflect.get(this.host.httpAdapter.getHttpServer() as object, 'requestCert') === true) return;
    this.problems.warn(
      'authentication.clientCertificate',
      'gets no certificate: the TLS of the application does not ask for any (httpsOptions.requestCert), and no proxy passes them on (handshake.trustedProxies.clientCertificate).',
    );
  }

  #onOtherAdapter(other: object): void {
    const type: unknown = Object.getPrototypeOf(other);
    // Of a second forRoot(), which the boot refuses.
    if (type === SecureWsAdapter.prototype) return;
    const changes =
      type === WsAdapter.prototype ? changesOf(other as WsAdapter, this.host.httpAdapter.getHttpServer()) : [];
    if (type === WsAdapter.prototype && changes.length === 0) {
      this.#logger.log(
        'The WsAdapter that main.ts sets is not needed: SecureWsModule brings its own, and has taken over.',
      );
      return;
    }
    const own = changes.length === 0 ? '' : ` with ${changes.join(' and ')} of its own`;
    this.problems.add(
      'app.useWebSocketAdapter()',
      `sets ${other.constructor.name}${own} over the adapter of SecureWsModule.`,
      'remove the call from main.ts: the module installs its own adapter, which reads JSON messages as Nest does; to stay on Socket.IO, SecureWsModule.forRoot({ adapter: false, ... }) and WsAuthorizeGuard on each gateway',
    );
  }
}
