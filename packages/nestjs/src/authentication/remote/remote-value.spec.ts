import { beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../testing/fake-clock.js';
import { IdentityProviderError } from './remote-documents.js';
import { RemoteValue } from './remote-value.js';

const CACHE_MS = 60_000;

describe('RemoteValue', () => {
  let clock: FakeClock;
  let fetches: number;
  let fetch: () => Promise<string>;
  let value: RemoteValue<string>;

  beforeEach(() => {
    clock = new FakeClock();
    fetches = 0;
    fetch = () => Promise.resolve(`value ${fetches}`);
    value = new RemoteValue(clock, CACHE_MS, () => {
      fetches += 1;
      return fetch();
    });
  });

  const fail = (error: unknown = new IdentityProviderError('down')) => {
    fetch = () => Promise.reject(error);
  };

  it('AN-15 fetches once, for all who wait', async () => {
    expect(await Promise.all([value.current(), value.current(), value.reload()])).toEqual([
      'value 1',
      'value 1',
      'value 1',
    ]);
    expect(await value.current()).toBe('value 1');
    expect(fetches).toBe(1);
  });

  it('AN-15 fetches again from half of the time on, without anybody waiting', async () => {
    await value.current();
    clock.advance(CACHE_MS / 2 - 1);
    expect(await value.current()).toBe('value 1');
    expect(fetches).toBe(1);
    clock.advance(1);
    expect(await value.current()).toBe('value 1');
    expect(fetches).toBe(2);
    expect(await value.current()).toBe('value 2');
  });

  it('AN-15 uses no value beyond its time', async () => {
    await value.current();
    clock.advance(CACHE_MS);
    expect(await value.current()).toBe('value 2');
    fail();
    clock.advance(CACHE_MS);
    await expect(value.current()).rejects.toThrow('down');
  });

  it('AN-11 hides an outage that is shorter than half of the time', async () => {
    await value.current();
    fail();
    clock.advance(CACHE_MS - 1);
    expect(await value.current()).toBe('value 1');
    expect(fetches).toBe(2);
    await Promise.resolve();
    expect(value.failure?.message).toBe('down');
    clock.advance(1);
    await expect(value.current()).rejects.toThrow('down');
  });

  it('AN-15 tries no sooner again than two seconds after a failure', async () => {
    fail();
    await expect(value.current()).rejects.toThrow('down');
    clock.advance(1999);
    await expect(value.current()).rejects.toThrow('down');
    expect(fetches).toBe(1);
    expect(value.sinceTryMs).toBe(1999);
    fetch = () => Promise.resolve('back');
    clock.advance(1);
    expect(await value.current()).toBe('back');
    expect(value.failure).toBeUndefined();
    expect(value.sinceTryMs).toBe(0);
  });

  it('AN-15 reloads at once after a success', async () => {
    await value.current();
    expect(await value.reload()).toBe('value 2');
    expect(fetches).toBe(2);
  });

  it('AN-11 keeps why it failed, whatever was thrown', async () => {
    expect(value.failure).toBeUndefined();
    expect(value.sinceTryMs).toBe(Infinity);
    fail('a text');
    await expect(value.current()).rejects.toBe('a text');
    expect(value.failure).toBeInstanceOf(IdentityProviderError);
    await expect(value.current()).rejects.toThrow('The document cannot be had.');
    clock.advance(2000);
    const own = new IdentityProviderError('away');
    fail(own);
    await expect(value.current()).rejects.toBe(own);
    expect(value.failure).toBe(own);
  });

  it('AN-15 dates a value by the beginning of its fetch', async () => {
    let answer = (_: string): void => {};
    fetch = () => new Promise((resolve) => (answer = resolve));
    const waiting = value.current();
    clock.advance(CACHE_MS);
    answer('slow');
    expect(await waiting).toBe('slow');
    fetch = () => Promise.resolve('new');
    expect(await value.current()).toBe('new');
  });
});
