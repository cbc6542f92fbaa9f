import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { parseCloseReason } from '@secure-ws/protocol';
import { describe, expect, it, onTestFinished } from 'vitest';
import { expectSoon } from '../support/patience.js';
import { connect } from '../support/queueing-client.js';
import { testToken } from '../support/test-token.js';

const fixture = (name: string): string => fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));

/** Starts the fixture in a process of its own. Compiling it takes longer than anything else here. */
async function startProcess(): Promise<{ child: ChildProcess; port: number; exited: Promise<unknown[]> }> {
  const child = fork(fixture('run-typescript.mjs'), [fixture('signal-app.ts')], { stdio: 'inherit' });
  const exited = once(child, 'exit');
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  const [port] = (await Promise.race([
    once(child, 'message'),
    exited.then(([code]) => Promise.reject(new Error(`The process ended with ${String(code)} before it was ready.`))),
  ])) as [number];
  return { child, port, exited };
}

describe('a process that is told to end', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)(
    'DR-21 by %s says 1012 to its clients before it goes',
    { timeout: 60_000 },
    async (signal) => {
      const { child, port, exited } = await startProcess();
      const url = `ws://127.0.0.1:${port}/echo`;
      const clients = [
        await connect(url, { token: testToken() }),
        await connect(url, { token: testToken({ sub: 'bob' }) }),
      ];
      expect(await clients[0]?.request('echo', { text: 'here' })).toMatchObject({ data: { text: 'here' } });
      child.kill(signal);
      for (const client of clients) {
        const { code, reason } = await client.expectClose(1012);
        expect(code).toBe(1012);
        expect(parseCloseReason(reason)).toMatchObject({ word: 'restart', retryAfterMs: expect.any(Number) as number });
      }
      // It ends by the signal itself, as its supervisor expects.
      expect(await expectSoon(exited, 'the end of the process')).toEqual([null, signal]);
    },
  );
});
