import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { declaredAccess, readDeclaredEvents } from './declared-access.js';

describe('what a policy lock declares', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lock-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  async function lockOf(content: unknown): Promise<string> {
    const file = join(folder, 'secure-ws.lock.json');
    await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content));
    return file;
  }

  it.each<readonly [access: unknown, kind: string, says: string]>([
    [{ public: true }, 'public', 'everybody'],
    [{ closed: true }, 'closed', 'nobody'],
    [{ all: [] }, 'roles', 'logged in'],
    [{ all: [{ roles: ['admin', 'editor'] }, { scope: 'a:b' }] }, 'roles', 'role admin or editor and scope a:b'],
    [{ all: [{ policy: 'Owner', module: 'M' }] }, 'judged', 'Owner'],
    [{ all: [{ anyOf: [{ roles: ['admin'] }, { policy: 'Owner' }] }] }, 'judged', '(role admin or Owner)'],
    [
      { all: [{ anyOf: [{ allOf: [{ policy: 'Owner' }, { loginMs: 1 }] }] }] },
      'judged',
      '((Owner and a recent log-in))',
    ],
    [{ all: [{ other: 1 }] }, 'roles', 'a rule of the application'],
    // What it does not know says nothing: nobody is let off by it.
    [{ some: 'later release' }, 'unknown', 'not declared'],
    [{ public: 'true' }, 'unknown', 'not declared'],
    [null, 'unknown', 'not declared'],
  ])('AZ-01 of %j is %s: %s', async (access, kind, says) => {
    const lock = await lockOf({ endpoints: [{ path: '/notes/', events: [{ event: 'a', access }] }] });
    const events = await readDeclaredEvents(lock, '/notes');
    expect(declaredAccess(events, 'a')).toEqual({ kind, says });
    expect(declaredAccess(events, 'b').kind).toBe('unknown');
    expect(declaredAccess(events, undefined).kind).toBe('unknown');
  });

  it.each<readonly [content: unknown, says: string]>([
    ['{', 'cannot be read: it is not JSON'],
    ['null', 'is not a policy lock'],
    [{ endpoints: {} }, 'is not a policy lock'],
    [{ endpoints: [null, { path: '/other' }] }, 'has no endpoint /notes: it has , /other'],
  ])('refuses %j', async (content, says) => {
    await expect(lockOf(content).then((file) => readDeclaredEvents(file, '/notes'))).rejects.toThrow(says);
  });

  it('refuses a file that is not there', async () => {
    await expect(readDeclaredEvents(join(folder, 'none'), '/notes')).rejects.toThrow('cannot be read: ENOENT');
  });
});
