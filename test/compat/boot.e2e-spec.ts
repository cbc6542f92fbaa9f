import { connect } from '@secure-ws/nestjs/testing';
import { describe, expect, it } from 'vitest';
import { testToken } from '../support/test-token.js';
import { COMBINATIONS } from './combinations.js';
import { FixtureProcess } from './fixture-process.js';

describe.each(COMBINATIONS)('the boot of %s over %s', (fixture, platform) => {
  it.each([
    ['undecided', ['UndecidedGateway.undecided', '@WsAuthorize']],
    ['other-adapter', ['sets OtherAdapter over the adapter of SecureWsModule', 'remove the call from main.ts']],
    ['request-scoped', ['ScopedGateway', 'request-scoped']],
  ] as const)('AZ-03 DP-04 DP-05 fails as %s', async (variant, sentences) => {
    await using process = new FixtureProcess({ fixture, platform, variant });
    expect(await process.ended()).toEqual({ code: 1, signal: null });
    for (const sentence of sentences) expect(process.output).toContain(sentence);
    expect(process.output).not.toContain('"listening"');
  });

  it('AZ-03 DP-05 takes over from a WsAdapter of main.ts, and says so', async () => {
    await using process = new FixtureProcess({ fixture, platform, variant: 'ws-adapter' });
    const { port } = await process.listening();
    expect(process.output).toContain('The WsAdapter that main.ts sets is not needed');
    await expect(connect(`ws://127.0.0.1:${port}`, { path: '/orders' })).rejects.toMatchObject({ status: 401 });
    await using client = await connect(`ws://127.0.0.1:${port}`, { path: '/orders', as: testToken() });
    expect(await client.request('order.place', { title: 'tea', cents: 3 })).toMatchObject({ data: { cents: 300 } });
  });
});
