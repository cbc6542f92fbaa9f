import { scrypt } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import { PasswordHasher, PasswordHasherBusyError } from './password-hasher.js';

vi.mock('node:crypto', async (load) => {
  const crypto = await load<typeof import('node:crypto')>();
  return { ...crypto, scrypt: vi.fn<typeof crypto.scrypt>(crypto.scrypt) };
});

describe('PasswordHasher', () => {
  const hasher = new PasswordHasher();

  it('knows its own passwords again and no others', async () => {
    const encoded = await hasher.hash('correct horse');
    expect(await hasher.verify('correct horse', encoded)).toBe(true);
    expect(await hasher.verify('correct horsf', encoded)).toBe(false);
    expect(await hasher.verify('', encoded)).toBe(false);
  });

  it('salts: the same password twice is two hashes', async () => {
    expect(await hasher.hash('same')).not.toBe(await hasher.hash('same'));
  });

  it('writes down the cost of OWASP and nothing of the password', async () => {
    const encoded = await hasher.hash('correct horse');
    expect(encoded).toMatch(/^scrypt\$32768\$8\$3\$/);
    expect(encoded).not.toContain('correct');
  });

  it('takes the two Unicode forms of a password for one', async () => {
    expect(await hasher.verify('cafe\u0301', await hasher.hash('caf\u00e9'))).toBe(true);
  });

  it.each(['', 'scrypt$', 'plain text', 'scrypt$32768$8$3$short$short'])('refuses a stored %j', async (encoded) => {
    expect(await hasher.verify('anything', encoded)).toBe(false);
  });

  it('refuses an unknown user after the same work as a wrong password', async () => {
    const encoded = await hasher.hash('known');
    vi.mocked(scrypt).mockClear();
    expect(await hasher.verify('wrong', encoded)).toBe(false);
    expect(await hasher.verify('wrong', undefined)).toBe(false);
    const [known, unknown] = vi
      .mocked(scrypt)
      .mock.calls.map(([password, salt, length, cost]) => [password, Buffer.byteLength(salt as Buffer), length, cost]);
    expect(unknown).toEqual(known);
  });

  it('turns a flood away instead of queueing it, and goes on when the work is done', async () => {
    const waiting: (() => void)[] = [];
    vi.mocked(scrypt).mockImplementation((...args: unknown[]) => {
      const done = args.at(-1) as (error: null, key: Buffer) => void;
      waiting.push(() => done(null, Buffer.alloc(32)));
    });
    const flood = Array.from({ length: 32 }, () => hasher.verify('x', undefined));
    await expect(hasher.verify('x', undefined)).rejects.toBeInstanceOf(PasswordHasherBusyError);
    for (const finish of waiting.splice(0)) finish();
    await Promise.all(flood);
    const next = hasher.verify('x', undefined);
    for (const finish of waiting.splice(0)) finish();
    expect(await next).toBe(false);
  });
});
