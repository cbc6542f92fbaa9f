import { connect } from '@secure-ws/nestjs/testing';
import { describe, expect, it } from 'vitest';
import { testToken } from '../support/test-token.js';
import { FixtureProcess, type Platform } from './fixture-process.js';
import { type Fixture, FIXTURES } from './fixtures.js';

const NO_PROTO = ['--disable-proto=delete'];
// reflect-metadata adds to `Reflect`, so it has to come before the freezing. Express does not load on frozen intrinsics; Fastify does.
const FROZEN = [...NO_PROTO, '--frozen-intrinsics', '--require', 'reflect-metadata'];

const RUNS: readonly (readonly [Fixture, Platform, readonly string[]])[] = FIXTURES.flatMap((fixture) => [
  [fixture, 'express', NO_PROTO] as const,
  [fixture, 'fastify', FROZEN] as const,
]);

describe.each(RUNS)('%s over %s with %j', (fixture, platform, nodeOptions) => {
  it('DP-08 admits, handles, refuses and leaves', async () => {
    await using process = new FixtureProcess({ fixture, platform, nodeOptions });
    const { port } = await process.listening();
    const url = `ws://127.0.0.1:${port}`;
    await expect(connect(url, { path: '/orders' })).rejects.toMatchObject({ status: 401 });
    await expect(connect(url, { path: '/orders', as: `${testToken()}A` })).rejects.toMatchObject({ status: 401 });
    await using client = await connect(url, { path: '/orders', as: testToken() });
    expect(await client.request('order.place', { title: 'tea', cents: 3 })).toMatchObject({ data: { cents: 300 } });
    expect(await client.request('order.place', { title: 3 })).toMatchObject({ data: { code: 'VALIDATION_FAILED' } });
    client.sendRaw('{"event":"order.place","data":{"__proto__":{}}}');
    expect(await client.next()).toMatchObject({ data: { code: 'BAD_MESSAGE' } });
    expect(await client.request('order.crash')).toMatchObject({ data: { code: 'INTERNAL' } });
    expect(process.isAlive).toBe(true);
    process.kill('SIGTERM');
    await client.expectClose(1012);
    expect(await process.ended()).toEqual({ code: null, signal: 'SIGTERM' });
  });
});
