import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Type } from '@nestjs/common';
import { plainToInstance } from 'class-transformer';
import { validate } from 'class-validator';
import prettier from 'prettier';
import { expect, it } from 'vitest';
import { compileApp } from '../support/compiled-app.js';
import { example, examplesFolder } from './example.js';

const PAGE = new URL('../../docs/guide/policy-lock.md', import.meta.url);

/** Each command is a process that loads Nest. */
const TIMEOUT_MS = 240_000;

const source = (path: string): Promise<string> => readFile(join(examplesFolder, path), 'utf8');

it('policy-lock/app.module.ts is locked, checked and widened as the page says', { timeout: TIMEOUT_MS }, async () => {
  const page = await readFile(PAGE, 'utf8');
  const [, module = ''] = /--module (\S+)/.exec(page) ?? [];
  const text = await source('policy-lock/app.module.ts');
  const { folder, secureWs } = await compileApp({ files: { 'src/app.module.ts': text } });
  expect(await secureWs('policy', '--module', module, '--write')).toMatchObject({ status: 0 });

  const { out: types } = await secureWs('policy', '--module', module, '--types');
  // The page is formatted, and what it shows is compiled with the other examples.
  const style = { ...(await prettier.resolveConfig(fileURLToPath(PAGE))), parser: 'typescript' };
  expect(await prettier.format(types, style)).toBe(await prettier.format(await source('policy-lock/events.ts'), style));

  const lock = await readFile(join(folder, 'secure-ws.lock.json'), 'utf8');
  const widened = text.replace("roles: ['admin']", "roles: ['admin', 'editor']");
  const wider = await compileApp({ files: { 'src/app.module.ts': widened, 'secure-ws.lock.json': lock } });
  const { status, out } = await wider.secureWs('policy', '--module', module, '--check');
  expect([status, out]).toEqual([1, 'wider:    role editor may now call admin.purge on /notes\n']);
  expect(page).toContain(out.trim());
});

it('policy-lock/client.ts has what the gateway of the page takes', async () => {
  const { note } = await example('policy-lock/client.ts', 'note');
  const { SendNote } = (await example('policy-lock/app.module.ts', 'SendNote')) as { SendNote: Type<object> };
  expect(await validate(plainToInstance(SendNote, note))).toEqual([]);
});
