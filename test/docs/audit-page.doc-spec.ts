import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FileSink } from '@secure-ws/nestjs';
import { connect, testIdentity } from '@secure-ws/nestjs/testing';
import { describe, expect, it, vi } from 'vitest';
import { BootProblems } from '../../packages/nestjs/src/core/boot-problems.js';
import { runCommand } from '../../packages/nestjs/src/command/run-command.js';
import { auditFolder, linesOf, rewrite } from '../support/audit-folder.js';
import { CertificateAuthority } from '../support/certificate-authority.js';
import { EchoGateway } from '../support/echo.gateway.js';
import { around, boot, example, examplesFolder } from './example.js';

const PAGE = readFileSync(new URL('../../docs/guide/audit.md', import.meta.url), 'utf8');

/** What the page shows as the output of its command. */
function outputOf(name: string): string {
  return new RegExp(`<!-- output: ${name} -->\\n+\`\`\`text\\n([^]*?)\`\`\``).exec(PAGE)?.[1] ?? 'no output';
}

describe('F45 every example of the guide runs: the audit trail', () => {
  it('MO-08 audit/audited.ts writes a trail, and the page shows what is found of an edited line', async () => {
    const audit = auditFolder();
    vi.stubEnv('AUDIT_FILE', audit.path);
    vi.stubEnv('AUDIT_PRIVATE_KEY', audit.privateKey);
    const { events } = await example('audit/audited.ts', 'events');
    vi.unstubAllEnvs();
    const app = await boot(around([EchoGateway], { events }));
    await using client = await connect(app, { path: '/echo', as: testIdentity({ id: 'alice' }) });
    await client.close();
    await app.close();
    rewrite(audit.path, (lines) => lines.with(2, lines[2]?.replace('"time":"20', '"time":"19') ?? ''));
    const lines: string[] = [];
    const [, ...args] = /npx (secure-ws audit verify .*)/.exec(PAGE)?.[1]?.split(' ') ?? [];
    const paths = args.flatMap((arg) =>
      arg === 'audit-public.pem' ? [audit.publicKey] : arg.includes('/') ? (arg.includes('*') ? [] : [audit.path]) : [arg],
    );
    const status = await runCommand(paths, { out: (line) => lines.push(line), note: (line) => lines.push(line) });
    const shown = lines.join('\n').replaceAll(`${audit.folder}/`, '').replace(/chain [\w-]{22}/, 'chain 6YQz6Y9G3yEJ5nqFv7m3Sg');
    expect(`${shown}\n`).toBe(outputOf('verify'));
    expect(status).toBe(3);
  }); // prettier-ignore

  it('MO-09 audit/elsewhere.ts boots, while the syslog server that it names is not there', async () => {
    const { cert } = await CertificateAuthority.create();
    writeFileSync(join(examplesFolder, 'logs-ca.pem'), cert);
    const stdout = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    const { events } = await example('audit/elsewhere.ts', 'events');
    const app = await boot(around([EchoGateway], { events }));
    await using client = await connect(app, { path: '/echo', as: testIdentity({ id: 'alice' }) });
    expect((await client.request('echo', { text: 'hi' })).event).toBe('echo');
    await client.close();
    stdout.mockRestore();
  });

  it('MO-08 audit/operators-apart.ts keeps what operators and the node do in a file of its own', async () => {
    const audit = auditFolder();
    vi.stubEnv('OPERATORS_FILE', audit.path);
    const { operators } = await example('audit/operators-apart.ts', 'operators');
    vi.unstubAllEnvs();
    const app = await boot(around([EchoGateway], { events: { sinks: [operators], sampling: 'off' } }));
    await using client = await connect(app, { path: '/echo', as: testIdentity({ id: 'alice' }) });
    await client.close();
    await app.close();
    const types = linesOf(audit.path).map((line) => (JSON.parse(line) as { type: string }).type);
    expect(types).toContain('ws.config.weak');
    expect(types.filter((type) => type.startsWith('ws.connection.'))).toEqual([]);
  });

  it('MO-08 the page has every option of FileSink, with its default', () => {
    const problems = new BootProblems();
    new FileSink({ path: 'a', nothing: 1, chain: { nothing: 1 } } as never).checkOptions(problems, 'x');
    const known = problems.problems
      .filter(({ problem }) => problem === 'is not an option.')
      .flatMap(({ where, fix }) => {
        const names = fix.replace(/^.*the options here are /, '').split(', ');
        return names.map((name) => (where.includes('chain') ? `chain.${name}` : name));
      })
      .filter((name) => name !== 'chain');
    const listed = [...PAGE.matchAll(/^\| `([\w.]+)` +\| (.*?) +\|/gm)].map(([, name = '']) => name);
    expect(new Set(listed.filter((name) => known.includes(name)))).toEqual(new Set(known));
    expect(known).toHaveLength(11);
  });
});
