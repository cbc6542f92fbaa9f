import { beforeEach, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../core/strict-json.js';
import { FakeClock } from '../../testing/fake-clock.js';
import type { RemoteForm } from '../remote/remote-documents.js';
import { TokenIntrospection } from './token-introspection.js';

const URL_ = new URL('https://id.example.com/introspect?key=1');
const NOW = Date.UTC(2026, 0, 1);
const OPTIONS = {
  clientId: 'chat server',
  clientSecret: 'a:b&c',
  method: 'client_secret_basic',
  cacheMs: 10_000,
  inactiveCacheMs: 5_000,
} as const;

describe('TokenIntrospection', () => {
  let clock: FakeClock;
  let asked: { readonly url: URL; readonly form: RemoteForm | undefined }[];
  let answer: (token: string) => Promise<JsonObject | undefined>;

  beforeEach(() => {
    clock = new FakeClock(NOW);
    asked = [];
    answer = (token) => Promise.resolve({ active: true, sub: token, exp: NOW / 1000 + 3600 });
  });

  function introspection(options: Partial<Record<keyof typeof OPTIONS, unknown>> = {}): TokenIntrospection {
    const documents = {
      fetch: (url: URL, form?: RemoteForm) => {
        asked.push({ url, form });
        return answer(form?.fields['token'] ?? '');
      },
    };
    return new TokenIntrospection(
      { ...OPTIONS, ...options } as never,
      documents as never,
      () => Promise.resolve(URL_),
      clock,
    );
  }

  it('AN-06 says what the server says, and asks once for all who wait and for a while', async () => {
    const tokens = introspection();
    const both = await Promise.all([tokens.introspect('t'), tokens.introspect('t')]);
    expect(both).toEqual([{ active: true, sub: 't', exp: NOW / 1000 + 3600 }, both[0]]);
    clock.advance(9_999);
    expect(await tokens.introspect('t')).toMatchObject({ sub: 't' });
    expect(asked).toHaveLength(1);
    clock.advance(1);
    await tokens.introspect('t');
    expect(asked).toHaveLength(2);
    expect(await tokens.introspect('u')).toMatchObject({ sub: 'u' });
    expect(asked).toHaveLength(3);
  });

  it('AN-06 SL-01 uses no answer beyond the end of its token', async () => {
    answer = () => Promise.resolve({ active: true, exp: NOW / 1000 + 2 });
    const tokens = introspection();
    await tokens.introspect('t');
    clock.advance(1_999);
    await tokens.introspect('t');
    expect(asked).toHaveLength(1);
    clock.advance(1);
    await tokens.introspect('t');
    expect(asked).toHaveLength(2);
  });

  it.each<[string, unknown]>([
    ['none', undefined],
    ['a text', '9999999999'],
    ['one that is past', 0],
  ])('AN-06 asks each time about a token whose end is %s', async (_, exp) => {
    answer = () => Promise.resolve({ active: true, ...(exp !== undefined && { exp }) } as JsonObject);
    const tokens = introspection();
    await tokens.introspect('t');
    await tokens.introspect('t');
    expect(asked).toHaveLength(2);
  });

  it('AN-06 asks each time where nothing is to be kept', async () => {
    const tokens = introspection({ cacheMs: 0 });
    await tokens.introspect('t');
    await tokens.introspect('t');
    expect(asked).toHaveLength(2);
  });

  it('AN-06 keeps for a shorter time that a token is not active, and forgets it once it is', async () => {
    answer = () => Promise.resolve({ active: false, sub: 'secret' });
    const tokens = introspection();
    expect(await tokens.introspect('t')).toBeUndefined();
    clock.advance(4_999);
    expect(await tokens.introspect('t')).toBeUndefined();
    expect(asked).toHaveLength(1);
    clock.advance(1);
    answer = () => Promise.resolve({ active: true, sub: 'alice', exp: NOW / 1000 + 3600 });
    expect(await tokens.introspect('t')).toMatchObject({ sub: 'alice' });
    expect(await tokens.introspect('t')).toMatchObject({ sub: 'alice' });
    expect(asked).toHaveLength(2);
    answer = () => Promise.resolve({ active: false });
    clock.advance(10_000);
    expect(await tokens.introspect('t')).toBeUndefined();
    expect(await tokens.introspect('t')).toBeUndefined();
    expect(asked).toHaveLength(3);
  });

  it('AN-11 throws where the server does not say, and asks again', async () => {
    const tokens = introspection();
    for (const document of [undefined, {}, { active: 'true' }, { active: 1 }]) {
      answer = () => Promise.resolve(document);
      await expect(tokens.introspect('t')).rejects.toThrow(
        'https://id.example.com/introspect does not say whether a token is active.',
      );
    }
    expect(asked).toHaveLength(4);
    answer = () => Promise.reject(new Error('down'));
    await expect(tokens.introspect('t')).rejects.toThrow('down');
    answer = () => Promise.resolve({ active: true });
    expect(await tokens.introspect('t')).toEqual({ active: true });
  });

  it('AN-06 sends its secret as RFC 6749 section 2.3.1 encodes it, or in the form', async () => {
    await introspection().introspect('t');
    await introspection({ method: 'client_secret_post' }).introspect('t');
    const fields = { token: 't', token_type_hint: 'access_token' };
    expect(asked).toEqual([
      {
        url: URL_,
        form: {
          headers: { authorization: `Basic ${Buffer.from('chat+server:a%3Ab%26c').toString('base64')}` },
          fields,
        },
      },
      { url: URL_, form: { headers: {}, fields: { ...fields, client_id: 'chat server', client_secret: 'a:b&c' } } },
    ]);
  });

  it('AN-06 DR-16 keeps 10,000 answers of either kind, and forgets the oldest for one more', async () => {
    const tokens = introspection();
    await tokens.introspect('good');
    answer = () => Promise.resolve({ active: false });
    for (let i = 0; i < 10_000; i += 1) await tokens.introspect(`bad ${i}`);
    expect(asked).toHaveLength(10_001);
    await tokens.introspect('bad 0');
    expect(asked).toHaveLength(10_001);
    await tokens.introspect('one more');
    await tokens.introspect('bad 1');
    expect(await tokens.introspect('good')).toMatchObject({ sub: 'good' });
    expect(asked).toHaveLength(10_002);
    await tokens.introspect('bad 0');
    expect(asked).toHaveLength(10_003);
  });
});
