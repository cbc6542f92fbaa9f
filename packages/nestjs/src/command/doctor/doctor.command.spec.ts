import { createRequire } from 'node:module';
import ajv from 'ajv-draft-04';
import { describe, expect, it } from 'vitest';
import { type CompiledAppShape, compileApp } from '../../../../../test/support/compiled-app.js';
import { DOCTOR_RULES } from './diagnose.js';

const moduleWith = (options: string, more = ''): string => `
  import { Module } from '@nestjs/common';
  import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
  import { SecureWsModule, WsAuthorize } from '@secure-ws/nestjs';

  @WebSocketGateway({ path: '/notes' })
  @WsAuthorize()
  class NotesGateway {
    @SubscribeMessage('note.list')
    list() {}
  }

  ${more}

  @Module({
    imports: [
      SecureWsModule.forRoot({
        handshake: { origins: ['https://app.example.com'], trustedProxies: 'none' },
        authentication: { jwt: { secret: 'v'.repeat(11) + 'Jf8_wq7Zk2Lm5Tn0Rb3Xd6Yh', algorithms: ['HS256'], issuer: 'https://id.example.com', audience: 'a' } },
        ${options}
      }),
    ],
    providers: [NotesGateway ${more === '' ? '' : ', Stubborn'}],
  })
  export class AppModule {}
`;

const mainWith = (calls: string): string => `
  import 'reflect-metadata';
  import { NestFactory } from '@nestjs/core';
  import { AppModule } from './app.module.js';
  process.stdout.write('starting\\n');
  const app = await NestFactory.create(AppModule, { forceCloseConnections: true });
  app.enableShutdownHooks();
  ${calls}
  process.stdout.write('this never is\\n');
`;

const shape = (main: string, module = moduleWith('')): CompiledAppShape => ({
  files: { 'src/app.module.ts': module, 'src/main.ts': main },
});

const LISTEN = 'await app.listen(0);';
const WIDE = `app.enableCors({ origin: true, credentials: true }); ${LISTEN}`;

interface Sarif {
  readonly runs: readonly [
    {
      readonly results: readonly { readonly ruleId: string; readonly ruleIndex: number; readonly level: string }[];
      readonly tool: { readonly driver: { readonly rules: readonly { readonly id: string }[] } };
    },
  ];
}

const require = createRequire(import.meta.url);

/** The schema of OASIS, as a package of Microsoft's has it. */
function sarifErrors(report: unknown): unknown {
  const validate = new ajv.default({ strict: false, unicodeRegExp: false, validateFormats: false }).compile(
    require('@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json') as object,
  );
  validate(report);
  return validate.errors;
}

// Each test starts Node and loads an application: no expectation, on a busy machine that takes a while.
describe('secure-ws doctor', { timeout: 60_000 }, () => {
  it('DP-01 sees what main.ts says, and its report is SARIF and nothing else', async () => {
    const app = await compileApp(shape(mainWith(WIDE)));
    const { status, out, notes } = await app.secureWs('doctor', '--main', 'dist/main.js', '--sarif');
    const report = JSON.parse(out) as Sarif;
    expect(status).toBe(3);
    expect(notes).toContain('starting');
    expect(notes).not.toContain('this never is');
    expect(sarifErrors(report)).toBeNull();
    // A schema that lets everything pass would prove nothing.
    expect(sarifErrors({ ...report, runs: [{ results: [{ level: 'fatal' }] }] })).not.toBeNull();
    const [{ results, tool }] = report.runs;
    expect(results).toMatchObject([{ ruleId: 'cors-any-origin-with-credentials', level: 'error' }]);
    for (const { ruleId, ruleIndex } of results) expect(tool.driver.rules[ruleIndex]?.id).toBe(ruleId);
    expect(tool.driver.rules).toHaveLength(DOCTOR_RULES.length);
  });

  it('DP-01 finds nothing in an application that is in order, and says what it has not seen', async () => {
    const app = await compileApp(shape(mainWith(LISTEN)));
    expect(await app.secureWs('doctor', '--main', 'dist/main.js')).toMatchObject({
      status: 0,
      out: 'Nothing found.\n',
    });
    const { status, out, notes } = await app.secureWs('doctor', '--module', 'dist/app.module.js');
    expect([status, out]).toEqual([0, 'Nothing found.\n']);
    expect(notes).toContain('--main');
  });

  it('ends by severity, as --fail-on says', async () => {
    const warned = moduleWith('lifecycle: { pingIntervalMs: 90_000 },');
    const app = await compileApp(shape(mainWith(LISTEN), warned));
    const ask = ['doctor', '--module', 'dist/app.module.js'];
    const runs = ['error', 'warning', 'note', 'never'].map((severity) => [...ask, '--fail-on', severity]);
    const ends = await app.secureWsEach([
      ...runs,
      ask,
      [...ask, '--json'],
      [...ask, '--fail-on', 'x'],
      [...ask, '--json', '--sarif'],
    ]);
    expect(ends.map(({ status }) => status)).toEqual([0, 3, 3, 0, 3, 3, 2, 2]);
    expect(ends[4]?.out).toContain('warning  heartbeat-slower-than-proxies\n  lifecycle.pingIntervalMs is 90000');
    expect(JSON.parse(ends[5]?.out ?? '')).toMatchObject({
      findings: [{ rule: 'heartbeat-slower-than-proxies', severity: 'warning', place: 'lifecycle.pingIntervalMs' }],
    });
  });

  it('DP-02 tells what would stop the boot, and looks on', async () => {
    const wrong = moduleWith('lifecycle: { pingIntervalMs: 90_000 }, validation: { maxDepht: 3 },');
    const app = await compileApp(shape('', wrong));
    const { status, out } = await app.secureWs('doctor', '--module', 'dist/app.module.js');
    expect(status).toBe(3);
    expect(out).toContain('error    boot-problem\n  validation.maxDepht is not an option.');
    expect(out).toContain('heartbeat-slower-than-proxies');
  });

  it('ends where the application does not close', async () => {
    const stubborn =
      'class Stubborn { onModuleDestroy() { setInterval(() => undefined, 10); return new Promise(() => undefined); } }';
    const app = await compileApp(shape('', moduleWith('', stubborn)));
    expect(await app.secureWs('doctor', '--module', 'dist/app.module.js')).toMatchObject({ status: 0 });
  });

  it('fails where a main ends the process with 0: nothing was looked at', async () => {
    const app = await compileApp(shape('process.exit(0);'));
    expect(await app.secureWs('doctor', '--main', 'dist/main.js')).toMatchObject({ status: 1, out: '' });
  });

  it('says what is wrong with a main that throws, is missing or is not compiled', async () => {
    const app = await compileApp(shape("throw new Error('no \\u001b[31mdatabase');"));
    const [throws, missing, source, both] = await app.secureWsEach([
      ['doctor', '--main', 'dist/main.js'],
      ['doctor', '--main', 'dist/missing.js'],
      ['doctor', '--main', 'src/main.ts'],
      ['doctor', '--main', 'dist/main.js', '--module', 'dist/app.module.js'],
    ]);
    expect([throws?.status, missing?.status, source?.status, both?.status]).toEqual([1, 1, 1, 2]);
    expect(throws?.notes).toContain('no \\u001b[31mdatabase');
    expect(source?.notes).toContain('dist/main.js');
  });
});
