import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { parseCloseReason } from '@secure-ws/protocol';
import { describe, expect, it, onTestFinished } from 'vitest';
import { connect } from '../support/queueing-client.js';
import { RawTcp } from '../support/raw-tcp.js';
import { testToken } from '../support/test-token.js';

const fixture = (name: string): string => fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));

/** Starts the fixture in a process of its own. Compiling it takes longer than anything else here. */
async function startProcess(
  ...args: string[]
): Promise<{ child: ChildProcess; port: number; exited: Promise<unknown[]> }> {
  const child = fork(fixture('run-typescript.mjs'), [fixture('signal-app.ts'), ...args], { stdio: 'inherit' });
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

/** Other processes may slow the start of one down as much as they like; the tests wait for its events, up to here. */
const TIMEOUT_MS = 120_000;

describe('a process that is told to end', { timeout: TIMEOUT_MS }, () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('DR-21 F58 by %s says 1012 to its clients before it goes', async (signal) => {
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
    expect(await exited).toEqual([null, signal]);
  });

  it.each([
    ['SIGTERM', 'plain'],
    ['SIGINT', 'plain'],
    ['SIGTERM', 'tls'],
    ['SIGINT', 'tls'],
  ] as const)('DR-21 F51 F58 by %s ends though a %s connection says nothing', async (signal, transport) => {
    const { child, port, exited } = await startProcess(transport);
    // Over TLS too it sends not a byte.
    await RawTcp.open({ port, isTls: false });
    // Connections are taken in their order: the silent one is known once a later one is served.
    const scheme = transport === 'tls' ? 'wss' : 'ws';
    const client = await connect(`${scheme}://127.0.0.1:${port}/echo`, { token: testToken() });
    child.kill(signal);
    await client.expectClose(1012);
    expect(await exited).toEqual([null, signal]);
  });
});
