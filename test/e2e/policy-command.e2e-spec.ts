import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Parser } from '@asyncapi/parser';
import { describe, expect, it } from 'vitest';
import { sentMessages } from '../../packages/scanner/src/postman/sent-messages.js';
import { type CompiledApp, compileApp } from '../support/compiled-app.js';

/** What differs between the applications of these tests. */
interface Shape {
  readonly purgeRoles?: string;
  readonly historyDecorators?: string;
  readonly closedTo?: string;
  readonly shownTo?: string;
  readonly providers?: string;
  readonly options?: string;
  readonly type?: 'module' | 'commonjs';
}

const POLICIES = `
  import { Injectable, Module } from '@nestjs/common';
  import { IsInt } from 'class-validator';

  export class Page { @IsInt() number!: number; }

  @Injectable()
  export class RoomMember { authorize() { return true; } }

  @Module({ providers: [RoomMember], exports: [RoomMember] })
  export class RoomsModule {}
`;

const gateway = ({
  purgeRoles = "['admin']",
  historyDecorators = '@WsAuthorize(RoomMember, { scopes: ["b", "a"] })',
  closedTo = "'admin'",
  shownTo = "'admin'",
}: Shape) => `
  import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
  import { Expose } from 'class-transformer';
  import { IsOptional, IsString, MaxLength } from 'class-validator';
  import { SecureGateway, WsAuthorize, WsInputRoles, WsPublic, WsReply, WsThrottle } from '@secure-ws/nestjs';
  import { Page as LobbyPage, RoomMember } from './rooms.js';

  class Page {
    @IsString() @MaxLength(36) roomId!: string;
    @IsOptional() @IsString() before?: string;
    @WsInputRoles(${closedTo}) @IsOptional() @IsString() deletedBy?: string;
  }

  class Entry {
    @Expose() text!: string;
    @Expose({ groups: [${shownTo}] }) address!: string;
    hash!: string;
  }

  @WebSocketGateway({ path: '/admin' })
  export class AdminGateway {
    @WsAuthorize({ roles: ${purgeRoles} })
    @SubscribeMessage('admin.purge')
    purge() {}

    ${historyDecorators}
    @WsThrottle({ limit: 20, ttl: 10_000 })
    @WsReply([Entry])
    @SubscribeMessage('a.b|history')
    history(@MessageBody() _page: Page) {}
  }

  @WebSocketGateway({ path: '/lobby' })
  @SecureGateway({ anonymous: true, limits: { maxMessageBytes: 2048 } })
  export class LobbyGateway {
    @WsPublic()
    @SubscribeMessage('__proto__')
    look(@MessageBody() _page: LobbyPage) {}
  }
`;

const root = ({ providers = 'AdminGateway, LobbyGateway', options = '' }: Shape) => `
  import { randomBytes } from 'node:crypto';
  import { Module } from '@nestjs/common';
  import { SecureWsModule } from '@secure-ws/nestjs';
  import { AdminGateway, LobbyGateway } from './gateways.js';
  import { RoomsModule } from './rooms.js';

  console.log('an application may say what it likes');

  @Module({
    imports: [
      RoomsModule,
      SecureWsModule.forRoot({
        handshake: { origins: ['https://b.example.com', 'https://a.example.com'] },
        authentication: {
          tickets: {},
          jwt: { secret: randomBytes(32).toString('base64'), algorithms: ['HS256'], issuer: 'https://id.example.com', audience: 'chat' },
        },
        ${options}
      }),
    ],
    providers: [${providers}],
  })
  export class AppModule {}
`;

const MAIN = `
  import { NestFactory } from '@nestjs/core';
  import { AppModule } from './app.module.js';
  NestFactory.create(AppModule, { logger: false, abortOnError: false })
    .then((app) => app.init().then(() => app.close()))
    .then(() => process.stdout.write('booted'), (error) => process.stdout.write(error.name + ': ' + error.message));
`;

async function app(shape: Shape = {}): Promise<CompiledApp> {
  const { type = 'module' } = shape;
  return compileApp({
    type,
    files: {
      'package.json': JSON.stringify({ type, secureWs: { module: 'dist/app.module.js' } }),
      'src/rooms.ts': POLICIES,
      'src/gateways.ts': gateway(shape),
      'src/app.module.ts': root(shape),
      'src/main.ts': MAIN,
    },
  });
}

const LOCK = 'secure-ws.lock.json';

async function lockOf({ folder, secureWs }: CompiledApp): Promise<string> {
  expect(await secureWs('policy', '--write')).toMatchObject({ status: 0, out: '' });
  return readFile(join(folder, LOCK), 'utf8');
}

async function withLock(shape: Shape, lock: string): Promise<CompiledApp> {
  const other = await app(shape);
  await writeFile(join(other.folder, LOCK), lock);
  return other;
}

/** Each command is a process that loads Nest. */
const TIMEOUT_MS = 240_000;

describe('secure-ws policy', { timeout: TIMEOUT_MS }, () => {
  it('AZ-01 writes one file for one application, whatever the order of its code, and no secret', async () => {
    const lock = await lockOf(await app());
    const turned = await app({
      type: 'commonjs',
      providers: 'LobbyGateway, AdminGateway',
      historyDecorators: '@WsAuthorize({ scopes: ["a"] })\n@WsAuthorize({ scopes: ["b"] }, RoomMember)',
    });
    expect(await lockOf(turned)).toBe(lock);
    expect(JSON.parse(lock)).toMatchObject({
      format: 1,
      endpoints: [
        {
          path: '/admin',
          port: 0,
          origins: ['https://a.example.com', 'https://b.example.com'],
          authenticators: ['jwt of https://id.example.com for chat (HS256)', 'tickets'],
          events: [
            {
              event: 'a.b|history',
              handler: 'AdminGateway.history',
              access: { all: [{ policy: 'RoomMember', module: 'RoomsModule' }, { scope: 'a' }, { scope: 'b' }] },
              throttles: [expect.objectContaining({ limit: 20, ttl: 10_000 })],
              payload: { $ref: '#/schemas/Page' },
              reply: { type: 'array', items: { $ref: '#/schemas/Entry.output' } },
            },
            { event: 'admin.purge', access: { all: [{ roles: ['admin'] }] }, payload: null },
          ],
        },
        {
          path: '/lobby',
          settings: { anonymous: true, validation: { maxMessageBytes: 2048 } },
          events: [{ event: '__proto__', access: { public: true }, payload: { $ref: '#/schemas/Page-2' } }],
        },
      ],
    });
    // The folder of the application, and anything as random as a secret.
    expect(lock).not.toMatch(/\.cache|[A-Za-z0-9+/]{40}/);
    const again = await turned.secureWs('policy', '--check');
    expect(again).toEqual({
      status: 0,
      out: '',
      notes: `an application may say what it likes\nThe application does what ${LOCK} says.\n`,
    });
  });

  it('AZ-01 ends with 1 on drift and says in words what changed; without --check it only says so', async () => {
    const lock = await lockOf(await app());
    const wider = await withLock({ purgeRoles: "['admin', 'editor']" }, lock);
    const out = 'wider:    role editor may now call admin.purge on /admin\n';
    expect(await wider.secureWs('policy', '--check')).toMatchObject({ status: 1, out });
    expect(await wider.secureWs('policy')).toMatchObject({ status: 0, out });
    expect(await readFile(join(wider.folder, LOCK), 'utf8')).toBe(lock);
    expect(await wider.secureWs('policy', '--write')).toMatchObject({ status: 0, out });
    expect(await wider.secureWs('policy', '--check')).toMatchObject({ status: 0, out: '' });
  });

  it('AZ-07 OD-04 says who may send or see a field of which that could nobody before', async () => {
    const lock = await lockOf(await app());
    const wider = await withLock({ closedTo: "'admin', 'editor'", shownTo: "'admin', 'guest'" }, lock);
    expect(await wider.secureWs('policy', '--check')).toMatchObject({
      status: 1,
      out: [
        'wider:    role guest may now see address of Entry.output',
        'wider:    role editor may now send deletedBy of Page',
        '',
      ].join('\n'),
    });
  });

  it('AZ-01 takes no policy of the same name from another module for the one that was reviewed', async () => {
    const lock = await lockOf(await app());
    const twin = `import { Injectable } from '@nestjs/common';
      export { Page } from './rooms.js';
      @Injectable() export class RoomMember { authorize() { return true; } }`;
    const files = {
      'package.json': JSON.stringify({ type: 'module', secureWs: { module: 'dist/app.module.js' } }),
      [LOCK]: lock,
      'src/rooms.ts': POLICIES,
      'src/twin.ts': twin,
      'src/gateways.ts': gateway({}).replace("from './rooms.js'", "from './twin.js'"),
      'src/app.module.ts': root({}),
    };
    const { secureWs } = await compileApp({ files });
    expect(await secureWs('policy', '--check')).toMatchObject({
      status: 1,
      out: [
        'wider:    a.b|history on /admin no longer asks for policy RoomMember of RoomsModule',
        'narrower: a.b|history on /admin now asks for policy RoomMember of AppModule',
        '',
      ].join('\n'),
    });
  });

  it('AZ-01 refuses the boot on drift, and without a lock file, where policyLock is enforced', async () => {
    const options = "policyLock: 'enforce',";
    const lock = await lockOf(await app({ options }));
    const boot = "await import(process.cwd() + '/dist/main.js'); void withApplication;";
    const same = await withLock({ options }, lock);
    expect(await same.script(boot)).toMatchObject({ out: expect.stringMatching(/\nbooted$/) as string });
    const wider = await withLock({ options, purgeRoles: "['admin', 'editor']" }, lock);
    expect((await wider.script(boot)).out).toContain(
      'SecureWsBootError: SecureWs does not start: one problem.\n' +
        `  - policyLock: the application does not do what ${LOCK} says.\n` +
        '      wider: role editor may now call admin.purge on /admin\n' +
        '      npx secure-ws policy --write // and have the change reviewed',
    );
    const edited = await withLock({ options }, lock.replace('"admin"', '"admin", "editor"'));
    expect((await edited.script(boot)).out).toContain('narrower: role editor may no longer call admin.purge');
    const unlocked = await app({ options: "policyLock: { path: 'other.json' }," });
    expect((await unlocked.script(boot)).out).toContain('other.json is missing.');
  });

  it('OD-04 prints tables, and an AsyncAPI 3 document that its parser takes', async () => {
    const { secureWs } = await app();
    const { out: markdown } = await secureWs('policy', '--markdown');
    expect(markdown).toContain(
      '| a.b&#124;history | policy RoomMember of RoomsModule and scope a and scope b | 20 in 10 s | Page | list of Entry.output | AdminGateway.history |',
    );
    const { out } = await secureWs('policy', '--asyncapi');
    const { document, diagnostics } = await new Parser().parse(out);
    expect(diagnostics.filter(({ severity }) => severity === 0)).toEqual([]);
    expect(document?.version()).toBe('3.0.0');
    const messages = document?.allMessages().all() ?? [];
    expect(new Set(messages.map((message) => message.name()))).toEqual(
      new Set(['__proto__', 'a.b|history', 'admin.purge']),
    );
    const payloadOf = (title: string): unknown =>
      messages
        .find((message) => message.title() === title)
        ?.payload()
        ?.json();
    expect(
      document
        ?.allOperations()
        .all()
        .flatMap((operation) => operation.reply()?.messages().all() ?? []),
    ).toHaveLength(1);
    expect(payloadOf('Reply to a.b|history')).toMatchObject({
      properties: { data: { type: 'array', items: { properties: { text: { type: 'string' } }, required: ['text'] } } },
    });
    expect(payloadOf('a.b|history')).toMatchObject({
      properties: {
        event: { const: 'a.b|history' },
        data: { properties: { roomId: { type: 'string', maxLength: 36 } } },
      },
    });
    // What clients send, and no reply: as "secure-ws-scan postman" makes a collection of it.
    const channels = sentMessages(JSON.parse(out) as Record<string, unknown>);
    const sent = channels.flatMap((channel) => channel.messages);
    expect(sent.map(({ name }) => name).sort()).toEqual(['__proto__', 'a.b|history', 'admin.purge']);
    expect(sent.find(({ name }) => name === 'a.b|history')).toMatchObject({
      description: expect.stringContaining('policy RoomMember of RoomsModule') as string,
      example: { event: 'a.b|history', data: { roomId: 'text' }, id: 1 },
    });
  });

  it('takes one question at a time', async () => {
    const { secureWs } = await app();
    expect(await secureWs('policy', '--check', '--write')).toMatchObject({ status: 2, out: '' });
    expect(await secureWs('policy', '--unknown')).toMatchObject({ status: 2, out: '' });
  });
});
