import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { SecureWsBootError } from '../../core/boot-problems.js';
import { hCaptcha, reCaptcha, turnstile } from './site-verifiers.js';

const ORIGIN = 'https://app.example';
const GOOD = { success: true, hostname: 'app.example' };
const attempt = { address: '192.0.2.1', origin: ORIGIN };
const closing: (() => void)[] = [];

afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** A service that answers one document, and notes what it is asked. */
async function serve(document: unknown, status = 200) {
  const asked: { readonly method: string | undefined; readonly accept: string | undefined; readonly form: object }[] =
    [];
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const { method, headers } = request;
      asked.push({ method, accept: headers.accept, form: Object.fromEntries(new URLSearchParams(body)) });
      response.writeHead(status).end(JSON.stringify(document));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { asked, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/verify` };
}

describe.each([
  ['turnstile', turnstile],
  ['hCaptcha', hCaptcha],
  ['reCaptcha', reCaptcha],
] as const)('%s', (name, make) => {
  it('DR-18 asks the service with the secret, the solution and the address', async () => {
    const { asked, url } = await serve(GOOD);
    expect(await make({ secret: 'site-secret', url }).verify('solved', attempt as never)).toBe(true);
    const form = { secret: 'site-secret', response: 'solved' };
    expect(asked).toEqual([{ method: 'POST', accept: 'application/json', form: { ...form, remoteip: '192.0.2.1' } }]);
    for (const address of ['2001:db8::/64', '']) {
      await make({ secret: 'site-secret', url }).verify('solved', { ...attempt, address } as never);
    }
    expect(asked.slice(1).map((one) => one.form)).toEqual([form, form]);
  });

  it.each<[string, object, string | undefined, boolean]>([
    ['says yes', GOOD, ORIGIN, true],
    ['says no', { ...GOOD, success: false }, ORIGIN, false],
    ['says yes in words', { ...GOOD, success: 'true' }, ORIGIN, false],
    ['says nothing', { hostname: 'app.example' }, ORIGIN, false],
    ['names another page', { ...GOOD, hostname: 'evil.example' }, ORIGIN, false],
    ['names no page', { success: true }, ORIGIN, false],
    ['names a page to a client without one', { ...GOOD, hostname: 'evil.example' }, undefined, true],
    ['says half a score', { ...GOOD, score: 0.5 }, ORIGIN, true],
    ['says a score that is a text', { ...GOOD, score: '0.5' }, ORIGIN, false],
    ['says a score that is null', { ...GOOD, score: null }, ORIGIN, false],
  ])('DR-18 lets in where the service %s', async (_, document, origin, isIn) => {
    const { url } = await serve(document);
    expect(await make({ secret: 'x', url }).verify('solved', { ...attempt, origin } as never)).toBe(isIn);
  });

  it('DR-18 wants a person to be as sure as it is told', async () => {
    const trusted = name === 'hCaptcha' ? 0.2 : 0.8;
    const { url } = await serve({ ...GOOD, score: trusted });
    const verify = (minScore?: number) =>
      make({ secret: 'x', url, ...(minScore !== undefined && { minScore }) }).verify('solved', attempt as never);
    expect([await verify(), await verify(0.8), await verify(0.9)]).toEqual([true, true, false]);
    const doubtful = await serve({ ...GOOD, score: 1 - trusted });
    expect(await make({ secret: 'x', url: doubtful.url }).verify('solved', attempt as never)).toBe(false);
  });

  it.each([
    [404, `${name}: the service is not at its address.`],
    [500, 'answered 500'],
  ])('DR-18 lets nobody in where the service answers %i', async (status, message) => {
    const { url } = await serve(GOOD, status);
    await expect(make({ secret: 'x', url }).verify('solved', attempt as never)).rejects.toThrow(message);
  });

  it.each<[string, object | undefined, string]>([
    ['no options', undefined, `${name}().secret`],
    ['no secret', {}, `${name}().secret`],
    ['a secret that is not set', { secret: undefined }, `${name}().secret`],
    ['a score above 1', { secret: 'x', minScore: 1.1 }, 'must be a number from 0 to 1'],
    ['a score below 0', { secret: 'x', minScore: -0.1 }, 'must be a number from 0 to 1'],
    ['a score that is a text', { secret: 'x', minScore: '1' }, 'must be a number from 0 to 1'],
    ['an address without TLS', { secret: 'x', url: 'http://proxy.example/verify' }, `${name}().url`],
    ['an address that is none', { secret: 'x', url: 'proxy' }, `${name}().url`],
    ['a time without an end', { secret: 'x', timeoutMs: 30_001 }, `${name}().timeoutMs`],
    ['an option that is none', { secret: 'x', score: 1 }, `${name}().score`],
  ])('DP-02 does not boot with %s', (_, options, message) => {
    expect(() => make(options as never)).toThrow(SecureWsBootError);
    expect(() => make(options as never)).toThrow(message);
  });

  it('DP-02 boots with the ends of its scores', () => {
    for (const minScore of [0, 1]) expect(() => make({ secret: 'x', minScore })).not.toThrow();
  });
});
