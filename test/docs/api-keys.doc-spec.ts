import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { WsApiKeyStore, type ApiKeyRecord } from '@secure-ws/nestjs';
import { connect } from '@secure-ws/nestjs/testing';
import { expect, it } from 'vitest';
import { EchoGateway } from '../support/echo.gateway.js';
import { around, boot, example } from './example.js';

const PACKAGE = new URL('../../packages/nestjs/', import.meta.url);

const withKey = (key: string) => ({ path: '/echo', headers: { Authorization: `ApiKey ${key}` } });

it('AN-07 api-keys/api-keys.ts lets a key in until it is revoked', async () => {
  const { ApiKeys, authentication } = await example('api-keys/api-keys.ts', 'ApiKeys', 'authentication');
  const app = await boot(around([EchoGateway, ApiKeys], { authentication }));
  const keys = app.get<{ create(owner: string, scopes: string[]): string; revoke(id: string): Promise<void> }>(ApiKeys);
  const key = keys.create('billing', ['orders.read']);
  await using client = await connect(app, withKey(key));
  expect(await client.request('echo', { text: 'tea' })).toMatchObject({ data: { text: 'tea' } });
  await keys.revoke(key.split('_')[2] ?? '');
  await client.expectClose(4504);
  await expect(connect(app, withKey(key))).rejects.toMatchObject({ status: 401 });
});

it('AN-07 `secure-ws key` of the package makes one that opens a connection', async () => {
  const { bin } = JSON.parse(readFileSync(new URL('package.json', PACKAGE), 'utf8')) as { bin: Record<string, string> };
  const command = fileURLToPath(new URL(bin['secure-ws'] ?? '', PACKAGE));
  const args = [command, 'key', '--owner', 'billing', '--scopes', 'orders.read'];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  const { key, record } = JSON.parse(stdout) as { key: string; record: ApiKeyRecord & { id: string } };

  class Keys extends WsApiKeyStore {
    override find(id: string): ApiKeyRecord | undefined {
      return id === record.id ? record : undefined;
    }
  }

  const app = await boot(around([EchoGateway], { authentication: { apiKeys: { store: new Keys() } } }));
  await using client = await connect(app, withKey(key));
  expect(await client.request('echo', { text: 'tea' })).toMatchObject({ data: { text: 'tea' } });
});
