import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { containListeners } from './contained-signal.js';

function contained() {
  const controller = new AbortController();
  const errors: unknown[] = [];
  const { signal } = controller;
  const told = new Promise<void>((resolve) => {
    containListeners(signal, (error) => {
      errors.push(error);
      resolve();
    });
  });
  return { signal, errors, told, abort: () => controller.abort() };
}

describe('containListeners', () => {
  it.each<readonly [what: string, rejection: () => unknown]>([
    ['a promise', async () => Promise.reject(new Error('of a listener'))],
    // What runs under Jest, or in a worker of vm, has promises of its own.
    ['a promise of another realm', () => runInNewContext("Promise.reject(new Error('of a listener'))") as unknown],
  ])('DR-14 SL-12 tells of %s that a listener answers, and that rejects', async (_what, rejection) => {
    const { signal, errors, told, abort } = contained();
    signal.addEventListener('abort', rejection);
    abort();
    await told;
    expect(errors).toMatchObject([{ message: 'of a listener' }]);
  });

  it('DR-14 SL-12 holds an object with handleEvent(), as it holds a function', () => {
    const { signal, errors, abort } = contained();
    signal.addEventListener('abort', {
      handleEvent() {
        throw new Error('of a listener');
      },
    });
    abort();
    expect(errors).toMatchObject([{ message: 'of a listener' }]);
  });

  it('SL-12 a listener that is taken away hears nothing, however it was given', () => {
    const { signal, abort } = contained();
    const heard: string[] = [];
    const listener = (): void => void heard.push('function');
    const object = { handleEvent: (): void => void heard.push('object') };
    for (const each of [listener, object]) {
      signal.addEventListener('abort', each);
      signal.removeEventListener('abort', each);
    }
    signal.onabort = () => void heard.push('first onabort');
    const last = (): void => void heard.push('last onabort');
    signal.onabort = last;
    expect(signal.onabort).toBe(last);
    abort();
    expect(heard).toEqual(['last onabort']);
  });

  it('SL-12 hears once what was given twice', () => {
    const { signal, abort } = contained();
    const heard: unknown[] = [];
    const listener = (event: unknown): void => void heard.push(event);
    signal.addEventListener('abort', listener);
    signal.addEventListener('abort', listener);
    abort();
    expect(heard).toHaveLength(1);
  });
});
