import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readEndpoints } from './read-endpoints.js';

async function read(target: string, urls: readonly string[]): Promise<readonly string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'secure-ws-endpoints-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, 'found.json');
  await writeFile(path, JSON.stringify({ endpoints: urls.map((url) => ({ url })) }));
  return readEndpoints(path, target);
}

describe('readEndpoints', () => {
  it('SC-01 leaves out what is on another host or port, or would have the credentials in the clear', async () => {
    const urls = ['wss://a.example/ws', 'ws://a.example/ws', 'wss://b.example/ws', 'wss://a.example:444/ws'];
    expect(await read('wss://a.example/', urls)).toEqual(['wss://a.example/ws']);
  });

  it('SC-01 refuses a file that has none of them', async () => {
    await expect(read('wss://a.example/', ['ws://a.example/ws'])).rejects.toThrow('holds 0 endpoints of a.example');
  });
});
