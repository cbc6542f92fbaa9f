import { describe, expect, it } from 'vitest';
import { hashApiKey, readApiKeyId } from '../authentication/api-key/api-key.js';
import { runCommand } from './run-command.js';

async function run(...args: string[]) {
  const out: string[] = [];
  const notes: string[] = [];
  const status = await runCommand(args, { out: (line) => out.push(line), note: (line) => notes.push(line) });
  return { status, out: out.join('\n'), notes: notes.join('\n') };
}

interface Made {
  readonly key: string;
  readonly record: Record<string, unknown>;
}

describe('secure-ws key', () => {
  it('AN-07 prints a key once, and a record that has its hash', async () => {
    const { status, out, notes } = await run('key', '--prefix', 'live', '--owner', 'billing', '--scopes', 'a,b');
    const { key, record } = JSON.parse(out) as Made;
    expect(status).toBe(0);
    expect(record).toEqual({
      id: readApiKeyId(key, 'live'),
      hash: hashApiKey(key).toString('hex'),
      owner: 'billing',
      scopes: ['a', 'b'],
    });
    expect(JSON.stringify(record) + notes).not.toContain(key.slice(-72, -8));
  });

  it('makes a key without any option, and one that ends', async () => {
    expect(JSON.parse((await run('key')).out)).toMatchObject({ record: { owner: 'OWNER', scopes: [] } });
    const { record } = JSON.parse((await run('key', '--days', '2')).out) as Made;
    const days = (Number(record['expiresAt']) - Date.now()) / 86_400_000;
    expect(Math.round(days * 100)).toBe(200);
  });

  it.each([
    ['--prefix', 'A'],
    ['--scopes', 'a,,b'],
    ['--owner', 'a\nb'],
    ['--days', '0'],
    ['--days', '1e3'],
    ['--unknown', 'x'],
    ['stray'],
  ])('refuses %s %s with 2, and makes no key', async (...args) => {
    const { status, out, notes } = await run('key', ...args);
    expect([status, out]).toEqual([2, '']);
    expect(notes).toContain('secure-ws key --help');
  });
});

describe('secure-ws', () => {
  it('lists its commands', async () => {
    for (const args of [['--help'], ['help']]) {
      expect(await run(...args)).toMatchObject({ status: 0, out: expect.stringContaining('  key ') as string });
    }
    expect(await run('key', '--help')).toMatchObject({ status: 0, out: expect.stringContaining('--scopes') as string });
    expect((await run()).status).toBe(2);
  });

  it.each(['kye', '__proto__', 'constructor', '--version'])('has no command %s', async (name) => {
    const { status, out, notes } = await run(name);
    expect([status, out]).toEqual([2, '']);
    expect(notes).toMatch(new RegExp(`^There is no command "${name}"[.]\\n\\n[^]*  key `));
  });
});
