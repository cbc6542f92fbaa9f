import type { IncomingMessage, Server } from 'node:http';
import { Module } from '@nestjs/common';
import { AbstractWsAdapter, type MessageMappingProperties, WebSocketGateway } from '@nestjs/websockets';
import { WsAdapter } from '@nestjs/platform-ws';
import { SecureWsModule, WsAuthorize } from '@secure-ws/nestjs';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { WebSocketServer } from 'ws';
import { bootProblems } from '../support/boot-problems.js';
import { EchoGateway } from '../support/echo.gateway.js';
import { expectError } from '../support/error-frame.js';
import { handshake } from '../support/handshake.js';
import { letAnyPortServeFor } from '../support/own-port.js';
import { connect } from '../support/queueing-client.js';
import { APP_ORIGIN, type RunningApp, startApp } from '../support/start-app.js';
import { TEST_JWT } from '../support/test-token.js';

const OWN_PORT = 2;

@WebSocketGateway(OWN_PORT, { path: '/echo' })
@WsAuthorize()
class OwnPortGateway extends EchoGateway {}

class DerivedAdapter extends WsAdapter {}

/** Not of `ws` at all. */
class ForeignAdapter extends AbstractWsAdapter {
  override create(): object {
    return {};
  }

  override bindMessageHandlers(_client: unknown, _handlers: MessageMappingProperties[]): void {}
}

const expectProtected = async (app: RunningApp, url = app.url): Promise<void> => {
  expect(await handshake(`${url}/echo`)).toMatchObject({ status: 401 });
  expect(await handshake(`${url}/echo`, { origin: 'https://evil.example', token: app.token() })).toMatchObject({
    status: 403,
  });
  const client = await connect(`${url}/echo`, { token: app.token() });
  expect(await client.request('echo', { text: 'x' })).toMatchObject({ data: { text: 'x' } });
  expectError(await client.request('echo', { text: 5 }), 'VALIDATION_FAILED');
};

describe('a WsAdapter that main.ts sets', () => {
  it('AZ-03 DP-04 is taken over, with one line in the log', async () => {
    const app = await startApp({
      providers: [EchoGateway],
      configure: (nest) => {
        nest.useWebSocketAdapter(new WsAdapter(nest));
      },
    });
    await expectProtected(app);
    expect(app.log.lines.filter((line) => line.includes('WsAdapter'))).toHaveLength(1);
  });

  it.each<readonly [what: string, adapter: new (app: object) => AbstractWsAdapter]>([
    ['of a class derived from it', DerivedAdapter],
    ['of another kind', ForeignAdapter],
  ])('AZ-03 DP-04 stops the boot when it is one %s', async (_, Adapter) => {
    const problems = await bootProblems({
      providers: [EchoGateway],
      configure: (nest) => {
        nest.useWebSocketAdapter(new Adapter(nest));
      },
    });
    expect(problems).toMatchObject([{ where: 'app.useWebSocketAdapter()' }]);
    expect(problems[0]?.problem).toContain(Adapter.name);
    expect(problems[0]?.fix).toContain('adapter: false');
  });
});

describe('an option of ws on a gateway', () => {
  it.each<readonly [name: string, value: unknown]>([
    ['verifyClient', () => false],
    ['handleProtocols', () => 'mine'],
    ['maxPayload', 1024],
  ])('DP-02 DP-04 stops the boot where nobody would heed it any more: %s', async (name, value) => {
    @WebSocketGateway({ path: '/echo', [name]: value })
    @WsAuthorize()
    class OldGateway {}
    const problems = await bootProblems({ providers: [OldGateway] });
    expect(problems).toMatchObject([{ where: 'OldGateway', problem: expect.stringContaining(name) as string }]);
  });
});

describe('SecureWsModule', () => {
  it('AZ-03 stops the boot when it is configured twice', async () => {
    const options = { handshake: { origins: [APP_ORIGIN] }, authentication: { jwt: TEST_JWT } };

    // The second one is looser: it must not win in silence.
    @Module({ imports: [SecureWsModule.forRoot({ ...options, validation: { maxMessageBytes: 1_000_000 } })] })
    class FeatureModule {}

    const problems = await bootProblems({ providers: [EchoGateway], imports: [FeatureModule] });
    expect(problems.some(({ problem }) => problem.includes('twice'))).toBe(true);
  });
});

describe('other listeners for upgrades', () => {
  /** A GraphQL server or a development server, as they attach themselves. */
  const attach = (server: Server, path: string): (() => number) => {
    const other = new WebSocketServer({ noServer: true });
    let answered = 0;
    server.on('upgrade', (request: IncomingMessage, socket, head) => {
      if (request.url !== path) return;
      answered++;
      other.handleUpgrade(request, socket, head, (client) => {
        client.on('message', (data: Buffer) => {
          client.send(data.toString());
        });
      });
    });
    onTestFinished(() => {
      for (const client of other.clients) client.terminate();
    });
    return () => answered;
  };

  it('DP-04 keep the paths that are left to them, and get no other', async () => {
    let answered = (): number => NaN;
    const app = await startApp({
      providers: [EchoGateway],
      options: { handshake: { origins: [APP_ORIGIN], foreignPaths: ['/graphql'] } },
      configure: (nest) => {
        answered = attach(nest.getHttpServer() as Server, '/graphql');
      },
    });
    await expectProtected(app);
    expect(answered()).toBe(0);
    const client = await connect(`${app.url}/graphql`);
    for (const id of [1, 2]) expect(await client.request('theirs')).toEqual({ event: 'theirs', id });
    expect(answered()).toBe(1);
    // A path of nobody is still answered, and once.
    expect(await handshake(`${app.url}/nowhere`)).toMatchObject({ status: 404 });
  });

  it('DP-04 stop the boot where no path is left to them', async () => {
    const problems = await bootProblems({
      providers: [EchoGateway],
      configure: (nest) => {
        attach(nest.getHttpServer() as Server, '/graphql');
      },
    });
    expect(problems).toMatchObject([{ where: 'handshake.foreignPaths' }]);
  });

  it('DP-04 stop the boot where a path of theirs is a gateway’s', async () => {
    const problems = await bootProblems({
      providers: [EchoGateway],
      options: { handshake: { origins: [APP_ORIGIN], foreignPaths: ['/echo'] } },
    });
    expect(problems.some(({ where }) => where.includes('foreignPaths'))).toBe(true);
  });
});

describe('a gateway on a port of its own', () => {
  it('DP-04 AN-01 is protected like the others, speaks nothing else, and closes with the application', async () => {
    const portOf = letAnyPortServeFor(OWN_PORT);
    const app = await startApp({ providers: [OwnPortGateway] });
    const url = `ws://127.0.0.1:${portOf()}`;
    await expectProtected(app, url);
    expect(await handshake(`${app.url}/echo`, { token: app.token() })).toMatchObject({ status: 404 });
    const plain = await fetch(`http://127.0.0.1:${portOf()}/echo`);
    expect(plain.status).toBe(426);
    expect(await plain.text()).toBe('');
    const client = await connect(`${url}/echo`, { token: app.token() });
    const port = portOf();
    await app[Symbol.asyncDispose]();
    expect(await client.expectClose(1012)).toMatchObject({ code: 1012 });
    await expect(fetch(`http://127.0.0.1:${port}/echo`)).rejects.toThrow('fetch failed');
  });
});

describe('an application without shutdown hooks', () => {
  it.each([
    ['development', 1],
    ['test', 0],
  ])('DR-21 is warned that a signal cuts its connections off: NODE_ENV %s', async (environment, expected) => {
    vi.stubEnv('NODE_ENV', environment);
    onTestFinished(() => {
      vi.unstubAllEnvs();
    });
    const listenerCount = vi.spyOn(process, 'listenerCount').mockReturnValue(0);
    onTestFinished(() => {
      listenerCount.mockRestore();
    });
    const app = await startApp({ providers: [EchoGateway] });
    expect(app.log.lines.filter((line) => line.includes('enableShutdownHooks'))).toHaveLength(expected);
  });
});
