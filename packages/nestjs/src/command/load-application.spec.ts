import { describe, expect, it } from 'vitest';
import { compileApp, type CompiledAppShape } from '../../../../test/support/compiled-app.js';
import { withApplication } from './load-application.js';

const GATEWAY = `
  import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
  import { IsString } from 'class-validator';
  import { WsAuthorize } from '@secure-ws/nestjs';

  class Note {
    @IsString() text!: string;
  }

  @WebSocketGateway({ path: '/notes' })
  export class NotesGateway {
    @WsAuthorize({ roles: ['editor'] })
    @SubscribeMessage('note.add')
    add(@MessageBody() _note: Note) {}
  }
`;

const moduleWith = (providers: string, more = ''): string => `
  import { randomBytes } from 'node:crypto';
  import { Injectable, Module } from '@nestjs/common';
  import { SecureWsModule } from '@secure-ws/nestjs';
  import { NotesGateway } from './notes.gateway.js';

  @Injectable()
  class Hooked {
    onModuleInit() { throw new Error('a hook ran'); }
    onModuleDestroy() { throw new Error('was never started'); }
  }

  @Module({
    imports: [
      SecureWsModule.forRoot({
        handshake: { origins: ['https://app.example.com'] },
        authentication: { jwt: { secret: randomBytes(32).toString('base64'), algorithms: ['HS256'], issuer: 'https://id.example.com', audience: 'a' } },
      }),
    ],
    providers: [${providers}],
  })
  export class AppModule {}
  ${more}
`;

const app = (providers: string, more?: string, type: CompiledAppShape['type'] = 'module'): CompiledAppShape => ({
  files: { 'src/app.module.ts': moduleWith(providers, more), 'src/notes.gateway.ts': GATEWAY },
  type,
});

const TELL = `
  const told = await withApplication(process.env.MODULE, ({ runtime, inspection: { gateways, handlers } }) => ({
    events: handlers.map(({ event }) => event),
    plan: runtime.plans.of(gateways[0]).has('note.add'),
    isReady: runtime.admitsHandshakes,
  })).catch((error) => error.name + ': ' + error.message);
  process.stdout.write(JSON.stringify(told));
`;

const tell = (module: string): string => TELL.replace('process.env.MODULE', JSON.stringify(module));

const LOADED = JSON.stringify({ events: ['note.add'], plan: true, isReady: false });

describe('withApplication', () => {
  it.each(['module', 'commonjs'] as const)(
    'puts a %s application together, runs no hook and opens nothing',
    async (type) => {
      const { script } = await compileApp(app('NotesGateway, Hooked', '', type));
      expect(await script(tell('dist/app.module.js#AppModule'))).toEqual({ status: 0, out: LOADED, notes: '' });
    },
  );

  it('takes dynamic modules and promises of one, by the name that it is given', async () => {
    const more = `export const made = Promise.resolve({ module: AppModule });`;
    const { script } = await compileApp(app('NotesGateway', more));
    expect(await script(tell('dist/app.module.js#made'))).toEqual({ status: 0, out: LOADED, notes: '' });
  });

  it('finds the application by the package.json of the folder', async () => {
    const shape = app('NotesGateway');
    const manifest = JSON.stringify({ type: 'module', secureWs: { module: 'dist/app.module.js' } });
    const { script } = await compileApp({ files: { ...shape.files, 'package.json': manifest } });
    const { out } = await script(TELL.replace('process.env.MODULE', 'undefined'));
    expect(out).toBe(LOADED);
  });

  it('says of a boot that fails what the boot says', async () => {
    const shape = app('NotesGateway');
    const undecided = GATEWAY.replace("@WsAuthorize({ roles: ['editor'] })", '');
    const { script } = await compileApp({ files: { ...shape.files, 'src/notes.gateway.ts': undecided } });
    const { out } = await script(tell('dist/app.module.js'));
    expect(JSON.parse(out)).toMatch(
      /^SecureWsBootError: SecureWs does not start: one problem\.\n {2}- NotesGateway\.add: has no auth/,
    );
  });

  it.each([
    [
      'a provider that cannot be made',
      'NotesGateway, { provide: "a", inject: ["b"], useFactory: () => 1 }',
      /put together: .*resolve/,
    ],
    [
      'a constructor that throws',
      'NotesGateway, { provide: "a", useFactory: () => { throw new TypeError("no disk"); } }',
      /put together: no disk/,
    ],
  ])('ends with the reason for %s', async (_, providers, reason) => {
    const { script } = await compileApp(app(providers));
    expect(JSON.parse((await script(tell('dist/app.module.js'))).out)).toMatch(reason);
  });

  it('names the package for a module without SecureWsModule', async () => {
    const files = {
      'src/app.module.ts': `import { Module } from '@nestjs/common';\n@Module({}) export class AppModule {}`,
    };
    const { script } = await compileApp({ files });
    expect(JSON.parse((await script(tell('dist/app.module.js'))).out)).toMatch(
      /imports no SecureWsModule\.forRoot\(\)/,
    );
  });

  it.each([
    ['missing.js', 'Error', /missing\.js cannot be loaded/],
    ['broken.cjs', 'Error', /broken\.cjs cannot be loaded: no disk/],
    ['plain.cjs#Other', 'Error', /exports no module Other.*plain\.cjs#TheModule/],
    ['module.cjs#Other', 'Error', /exports no module Other.*: \S*module\.cjs#AppModule, \S*module\.cjs#B\.$/],
    ['plain.cjs#constructor', 'Error', /exports no module constructor/],
    ['plain.cjs#__proto__', 'Error', /exports no module __proto__/],
    ['plain.cjs#text', 'Error', /exports no module text/],
    ['src/app.module.ts', 'TypeError', /compiled file/],
    ['#AppModule', 'TypeError', /--module takes/],
    [undefined, 'TypeError', /"secureWs": \{ "module"/],
  ])('refuses %s', async (module, name, message) => {
    const MODULES = 'exports.text = "x"; exports.AppModule = class {}; exports.B = class {};';
    const files = {
      'broken.cjs': 'throw new Error("no disk")',
      'plain.cjs': 'exports.text = "AppModule";',
      'module.cjs': MODULES,
    };
    const { folder } = await compileApp({ files });
    const error = await withApplication(module, () => undefined, folder).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name, message: expect.stringMatching(message) as string });
  });
});
