import { execFile, execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { promisify } from 'node:util';
import { FileSink, type FileSinkOptions, SecurityEvents } from '@secure-ws/nestjs';
import { describe, expect, it } from 'vitest';
import { runCommand } from '../../packages/nestjs/src/command/run-command.js';
import { type AuditFolder, auditFolder, linesOf } from '../support/audit-folder.js';
import { watchForCrashes } from '../support/crash-watch.js';
import { EchoGateway } from '../support/echo.gateway.js';
import { FakeClock } from '../support/fake-clock.js';
import { handshake } from '../support/handshake.js';
import { until } from '../support/patience.js';
import { RecordingSink } from '../support/recording-sink.js';
import { bootFailure, type RunningApp, startApp, type TestOptions } from '../support/start-app.js';

const DIST = JSON.stringify(new URL('../../packages/nestjs/dist/index.js', import.meta.url).href);

interface Running extends RunningApp {
  readonly other: RecordingSink;
}

async function start(
  { path, privateKey }: AuditFolder,
  options: Partial<FileSinkOptions> = {},
  events: TestOptions['events'] = {},
  clock = new FakeClock(Date.now()),
): Promise<Running> {
  const other = new RecordingSink();
  const sink = new FileSink({ path, chain: { privateKey, node: 'web-1' }, ...options });
  const app = await startApp({
    providers: [EchoGateway],
    clock,
    options: { events: { sinks: [sink, other], ...events } },
  });
  return Object.assign(app, { other });
}

/** Connects once as somebody who may, and once with a token that nobody issued. */
async function comeAndGo(app: RunningApp): Promise<void> {
  expect(await handshake(`${app.url}/echo`, { token: app.token() })).toBe('open');
  expect(await handshake(`${app.url}/echo`, { token: 'aaaa.bbbb.cccc' })).toMatchObject({ status: 401 });
}

const typesIn = (path: string): string[] =>
  existsSync(path) ? linesOf(path).map((line) => (JSON.parse(line) as { type: string }).type) : [];

const written = (path: string, type: string, count = 1): Promise<void> =>
  until(() => typesIn(path).filter((found) => found === type).length >= count, `${count} ${type} in ${path}`);

async function verify(audit: AuditFolder, ...more: string[]): Promise<{ status: number; text: string }> {
  const lines: string[] = [];
  const write = (line: string): void => void lines.push(line);
  const args = ['audit', 'verify', ...audit.files(), '--public-key', audit.publicKey, ...more];
  return { status: await runCommand(args, { out: write, note: write }), text: lines.join('\n') };
}

describe('the files of the audit', () => {
  it('MO-08 have who came, who was refused and who left, chained from the start of the process to its end', async () => {
    const audit = auditFolder();
    const app = await start(audit);
    await comeAndGo(app);
    await app.app.close();
    const types = typesIn(audit.path);
    expect(types[0]).toBe('audit.start');
    expect(types.at(-1)).toBe('audit.end');
    for (const type of ['ws.connection.opened', 'ws.connection.closed', 'ws.handshake.refused', 'ws.drain.finished']) {
      expect(types).toContain(type);
    }
    expect(statSync(audit.path).mode & 0o777).toBe(0o600);
    expect(await verify(audit, '--complete')).toMatchObject({ status: 0 });
    writeFileSync(audit.path, readFileSync(audit.path, 'utf8').replace('"initiator":"client"', '"initiator":"server"'));
    expect(await verify(audit)).toMatchObject({ status: 3, text: expect.stringContaining('WRONG edited') as string });
  });

  it('MO-08 MO-09 have what is told after the end of the application, and stay closed', async () => {
    const audit = auditFolder();
    const app = await start(audit);
    await app.app.close();
    const before = typesIn(audit.path).length;
    const events = app.app.get(SecurityEvents);
    events.emit({ type: 'ws.store.away' });
    await events.flush();
    expect(typesIn(audit.path).slice(before)).toEqual(['audit.start', 'ws.store.away', 'audit.end']);
    // A timer that was left would sign one more.
    (app.clock as FakeClock).advance(600_000);
    await events.flush();
    expect(typesIn(audit.path)).toHaveLength(before + 3);
    expect(await verify(audit, '--complete')).toMatchObject({ status: 0 });
  });

  it('MO-08 are signed while nothing happens, so that an end that is missing is old', async () => {
    const audit = auditFolder();
    const clock = new FakeClock(Date.now() - 3_600_000);
    const app = await start(audit, { chain: { privateKey: audit.privateKey, anchorEveryMs: 60_000 } }, {}, clock);
    await comeAndGo(app);
    await written(audit.path, 'ws.connection.closed');
    const events = app.app.get(SecurityEvents);
    for (let count = 1; count <= 3; count++) {
      // A write that the clock overtakes is given up, as one that hangs: what is in the file may not have been reported yet.
      await events.flush();
      clock.advance(60_000);
      await written(audit.path, 'audit.anchor', count);
    }
    expect(await verify(audit, '--max-age', '7200')).toMatchObject({ status: 0 });
    expect(await verify(audit, '--max-age', '600')).toMatchObject({ status: 3 });
  });

  it('MO-08 go on over a full file, midnight and a restart, and are no more than was said', async () => {
    const audit = auditFolder();
    const clock = new FakeClock(Date.parse('2026-11-27T23:59:00.000Z'));
    const options = { maxFileBytes: 4096, maxFiles: 4 };
    const first = await start(audit, options, {}, clock);
    for (let i = 1; i <= 8; i++) {
      await comeAndGo(first);
      await until(() => first.other.ofType('ws.connection.closed').length === i, 'it has gone');
    }
    // A write that the clock overtakes is given up, as one that hangs.
    await first.app.get(SecurityEvents).flush();
    clock.advance(61_000);
    await comeAndGo(first);
    await first.app.close();
    const second = await start(audit, options, {}, clock);
    await comeAndGo(second);
    await second.app.close();
    expect(audit.files().length).toBeGreaterThan(2);
    expect(audit.files().length).toBeLessThanOrEqual(4);
    for (const file of audit.files()) expect(statSync(file).mode & 0o777).toBe(0o600);
    const { text } = await verify(audit);
    expect(text).not.toContain('WRONG');
    expect(text).toMatch(/chain \S+ of web-1: records 0 to \d+, closed/);
  });

  it('MO-08 of two processes in one file are two chains, and both are found whole', async () => {
    const audit = auditFolder();
    const one = await start(audit, { maxFileBytes: 8192, maxFiles: 10_000 });
    const args = ['--input-type=module', '-e', ANOTHER_PROCESS, audit.path, audit.privateKey];
    const two = promisify(execFile)(process.execPath, args);
    let hasEnded = false;
    const ended = two.finally(() => (hasEnded = true));
    while (!hasEnded) await comeAndGo(one);
    await ended;
    await one.app.close();
    expect(await verify(audit)).toMatchObject({ status: 0 });
    expect(audit.files().flatMap(typesIn).filter((type) => type === 'audit.end')).toHaveLength(2); // prettier-ignore
  });

  it('MO-05 are plain lines of JSON without a chain', async () => {
    const audit = auditFolder();
    const app = await startApp({
      providers: [EchoGateway],
      options: { events: { sinks: [new FileSink({ path: audit.path, fsync: 'always', mode: 0o640 })] } },
    });
    await comeAndGo(app);
    await app.app.close();
    expect(statSync(audit.path).mode & 0o777).toBe(0o640);
    expect(typesIn(audit.path)).toEqual(expect.arrayContaining(['ws.connection.opened', 'ws.drain.finished']));
    expect(readFileSync(audit.path, 'utf8')).not.toContain('"chain"');
  });
});

describe('somebody else in the folder of the audit', () => {
  it.each<readonly [what: string, prepare: (audit: AuditFolder) => void, reason: RegExp]>([
    ['a symbolic link', ({ path, at }) => {
      writeFileSync(at('victim'), '');
      symlinkSync(at('victim'), path);
    }, /it is a symbolic link/],
    ['a dangling symbolic link', ({ path, at }) => symlinkSync(at('made'), path), /it is a symbolic link/],
    ['a hard link', ({ path, at }) => {
      writeFileSync(at('victim'), '');
      linkSync(at('victim'), path);
    }, /it has a second name/],
    ['a FIFO', ({ path }) => execFileSync('mkfifo', [path]), /it is not a regular file/],
    ['a folder', ({ path }) => mkdirSync(path), /EISDIR/],
  ])('MO-08 MO-09 cannot have it written through %s: the application does not start', async (_, prepare, reason) => {
    const audit = auditFolder();
    prepare(audit);
    const sinks = [new FileSink({ path: audit.path, chain: { privateKey: audit.privateKey } })];
    expect(String(await bootFailure({ providers: [EchoGateway], options: { events: { sinks } } }))).toMatch(reason);
    expect(existsSync(audit.at('made'))).toBe(false);
    if (existsSync(audit.at('victim'))) expect(readFileSync(audit.at('victim'), 'utf8')).toBe('');
  }); // prettier-ignore

  it.each([
    ['a device that is always full', '/dev/full', /it is not a regular file/],
    [
      'a folder that does not exist',
      '/nowhere/audit.jsonl',
      /^SecureWsBootError: [^]*events\.sinks\[0\]\.path: FileSink cannot write to \/nowhere\/audit\.jsonl: the folder does not exist\.\s+mkdir -p \/nowhere$/,
    ],
  ])('MO-09 does not start with %s', async (_, path, reason) => {
    const sinks = [new FileSink({ path })];
    expect(String(await bootFailure({ providers: [EchoGateway], options: { events: { sinks } } }))).toMatch(reason);
  });

  it('MO-08 MO-09 does not start with a second sink for one file, and leaves the first one as it is', async () => {
    const audit = auditFolder();
    const sink = (path = audit.path): FileSink => new FileSink({ path });
    symlinkSync(audit.folder, audit.at('same'));
    const boot = (...sinks: readonly FileSink[]) =>
      bootFailure({ providers: [EchoGateway], options: { events: { sinks } } });
    const refused = /events\.sinks\[\d\]\.path: a FileSink of this process writes to \S+ already/;
    expect(String(await boot(sink(), sink()))).toMatch(refused);
    expect(String(await boot(sink(), sink(audit.at('same/audit.jsonl'))))).toMatch(refused);
    // The first one of them was ready, and has let go of the file.
    const app = await start(audit);
    expect(String(await boot(sink()))).toMatch(refused);
    await comeAndGo(app);
    await written(audit.path, 'ws.connection.closed');
    await app.app.close();
    await using again = await start(audit);
    expect(again.isTls).toBe(false);
  });

  it('MO-08 gets the permissions back that it had given away', async () => {
    const audit = auditFolder();
    writeFileSync(audit.path, '');
    chmodSync(audit.path, 0o666);
    await using app = await start(audit);
    expect(app.isTls).toBe(false);
    expect(statSync(audit.path).mode & 0o777).toBe(0o600);
  });

  it('MO-08 shows where the file was moved away or removed under the process', async () => {
    const audit = auditFolder();
    const app = await start(audit);
    await comeAndGo(app);
    await written(audit.path, 'ws.connection.closed');
    renameSync(audit.path, audit.at('audit.2026-01-01.jsonl'));
    await comeAndGo(app);
    await written(audit.path, 'ws.connection.closed');
    expect(typesIn(audit.path)[0]).toBe('audit.anchor');
    expect(await verify(audit)).toMatchObject({ status: 0 });
    rmSync(audit.path);
    await comeAndGo(app);
    await app.app.close();
    const { status, text } = await verify(audit);
    expect(status).toBe(3);
    expect(text).toMatch(/WRONG missing .*audit.jsonl:1: records? \d+/);
  });

  it('MO-09 MO-08 loses what comes while the folder is gone, counts it, and goes on when it is back', async () => {
    const audit = auditFolder();
    const crashes = watchForCrashes();
    mkdirSync(audit.at('logs'));
    const clock = new FakeClock(Date.now());
    const inside = { ...audit, path: audit.at('logs/audit.jsonl') };
    const app = await start(inside, {}, { onSinkFailure: 'refuse-handshakes' }, clock);
    await comeAndGo(app);
    await written(inside.path, 'ws.connection.closed');
    renameSync(audit.at('logs'), audit.at('gone'));
    expect(await handshake(`${app.url}/echo`, { token: app.token() })).toBe('open');
    await until(() => !app.app.get(SecurityEvents).isHealthy, 'the sink fails');
    expect(await handshake(`${app.url}/echo`, { token: app.token() })).toMatchObject({ status: 503 });
    clock.advance(1000);
    await app.other.seen('ws.audit.dropped');
    expect(app.other.ofType('ws.audit.dropped')[0]).toMatchObject({ sink: 'FileSink' });
    mkdirSync(audit.at('logs'));
    // Its next event finds that the folder is there: that of a refusal, and then that of a report.
    await handshake(`${app.url}/echo`, { token: app.token() });
    clock.advance(1000);
    await written(inside.path, 'ws.audit.dropped');
    await until(() => app.app.get(SecurityEvents).isHealthy, 'the sink is well');
    await comeAndGo(app);
    await app.app.close();
    renameSync(audit.at('gone/audit.jsonl'), audit.at('audit.0.jsonl'));
    renameSync(inside.path, audit.path);
    // The trail itself says that events are missing, and how many.
    const said = await verify(audit);
    expect(said.status).toBe(3);
    expect(JSON.stringify(said)).toContain('gap');
    expect(crashes).toEqual([]);
  });
});

/** A process of its own that writes 60 events. */
const ANOTHER_PROCESS = `
  import { FileSink, SecurityEvents, SystemClock } from ${DIST};
  const [path, privateKey] = process.argv.slice(1);
  const events = new SecurityEvents(new SystemClock(), [new FileSink({ path, maxFileBytes: 8192, maxFiles: 10_000, chain: { privateKey } })]);
  await events.open();
  for (let i = 0; i < 60; i++) {
    events.emit({ type: 'ws.drain.started', connections: i });
    await events.flush();
  }
  await events.close();
`;

/** A process of its own, whose files cannot grow beyond 16 KiB: a full disk, and without being root. */
const ON_A_FULL_DISK = `
  import { FileSink, SecurityEvents, SystemClock } from ${DIST};
  const [path, privateKey] = process.argv.slice(1);
  const sink = new FileSink({ path, chain: { privateKey, node: 'web-1' } });
  let dropped = 0;
  const other = { isSampled: false, wants: () => true, open() {}, close() {}, write: (event) => {
    if (event.type === 'ws.audit.dropped' && event.sink === 'FileSink') dropped += event.dropped + event.failed;
  } };
  const events = new SecurityEvents(new SystemClock(), [sink, other]);
  await events.open();
  for (let i = 0; i < 200; i++) {
    events.emit({ type: 'ws.drain.started', connections: i });
    if (i % 20 === 19) await events.flush();
  }
  await events.close();
  process.stdout.write(JSON.stringify({ dropped, isHealthy: events.isHealthy }));
`;

describe('a disk that is full', () => {
  it('MO-09 MO-08 loses events, which are counted, and leaves records that are whole', async () => {
    const audit = auditFolder();
    const command = 'ulimit -f 16 && exec "$0" --input-type=module -e "$1" "$2" "$3"';
    const args = ['-c', command, process.execPath, ON_A_FULL_DISK, audit.path, audit.privateKey];
    const result = JSON.parse(
      execFileSync('bash', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }),
    ) as {
      dropped: number;
      isHealthy: boolean;
    };
    const arrived = typesIn(audit.path).filter((type) => type === 'ws.drain.started').length;
    expect(arrived).toBeGreaterThan(10);
    expect(result.isHealthy).toBe(false);
    expect(result.dropped).toBe(200 - arrived);
    expect(statSync(audit.path).size).toBeLessThanOrEqual(16_384);
    expect(await verify(audit)).toMatchObject({ status: 0 });
    // There is room again: the next process goes on behind the last record that arrived.
    const app = await start(audit);
    await comeAndGo(app);
    await app.app.close();
    expect(await verify(audit, '--complete')).toMatchObject({ status: 0 });
  });
});

describe('the options of FileSink', () => {
  it('MO-08 that are wrong stop the boot, each with its line, and no key is shown', async () => {
    const { privateKey } = auditFolder();
    const sinks = [
      new FileSink({ path: '' }),
      new FileSink({ path: 'a', maxFiles: 1, fsync: 'sometimes', chain: { privateKey: 'secret-key' } } as never),
      new FileSink({ path: 'a', mode: 0o644, chain: { privateKey, anchorEvery: 5 } } as never),
      new FileSink({ path: 'a', compress: true } as never),
      new FileSink(undefined as never),
    ];
    const text = String(await bootFailure({ providers: [EchoGateway], options: { events: { sinks } } }));
    for (const expected of [
      'events.sinks[0].path: must be a non-empty string',
      'events.sinks[1].maxFiles: must be a whole number of at least 2',
      "events.sinks[1].fsync: must be one of 'always', 'every-second', 'never'",
      'events.sinks[1].chain.privateKey: must be an Ed25519 private key in PEM',
      'events.sinks[2].mode: must be 0o600, or 0o640 and the like: others get nothing; it is 0o644.',
      'events.sinks[2].mode: 0o600',
      'events.sinks[2].chain.anchorEvery: is not an option.',
      'events.sinks[3].compress: is not an option.',
      'events.sinks[4].path: is missing',
    ]) {
      expect(text).toContain(expected);
    }
    expect(text).not.toContain('secret-key');
  });
});
