import { describe, expect, it } from 'vitest';
import type { CompiledOutput } from '../output/compiled-output.js';
import { endFrame, errorData, errorFrame, readResponse, replyFrame } from './frames.js';
import type { Refusal } from './refusal.js';

describe('replyFrame', () => {
  it.each<readonly [what: string, value: unknown, id: number | string | undefined, frame: string | undefined]>([
    ['a value', { a: 1 }, 1, '{"event":"do","data":{"a":1},"id":1}'],
    ['a value that nobody waits for', 5, undefined, '{"event":"do","data":5}'],
    ['a value for an id that is text', 5, 'x', '{"event":"do","data":5,"id":"x"}'],
    ['nothing', undefined, 1, '{"event":"do","id":1}'],
    ['nothing that nobody waits for', undefined, undefined, undefined],
    ['null', null, 1, '{"event":"do","data":null,"id":1}'],
    ['null that nobody waits for', null, undefined, undefined],
    ['a response under its own event', { event: 'done', data: 5 }, 1, '{"event":"done","data":5,"id":1}'],
    ['a response without data', { event: 'done' }, undefined, '{"event":"done"}'],
    ['a response of nothing', { event: 'done', data: undefined }, 1, '{"event":"done","id":1}'],
    ['what has no JSON', () => 5, 1, '{"event":"do","id":1}'],
    ['false', false, undefined, '{"event":"do","data":false}'],
  ])('writes %s', (_, value, id, frame) => {
    expect(replyFrame('"do"', id, value)).toBe(frame);
  });

  it('OD-04 AZ-07 writes what is declared for the roles of the client', () => {
    const asked: unknown[] = [];
    const output = {
      write: (...all: unknown[]) => {
        asked.push(all);
        return 'written';
      },
    } as unknown as CompiledOutput;
    expect(replyFrame('"do"', 1, { event: 'done', data: 5 }, output, ['admin'])).toBe(
      '{"event":"done","data":"written","id":1}',
    );
    expect(replyFrame('"do"', 1, 6, output)).toBe('{"event":"do","data":"written","id":1}');
    expect(asked).toEqual([
      [5, ['admin']],
      [6, []],
    ]);
  });

  it('writes the end of a stream', () => {
    expect(endFrame('"do"', 7)).toBe('{"event":"do","end":true,"id":7}');
    expect(endFrame('"do"', 'x')).toBe('{"event":"do","end":true,"id":"x"}');
  });
});

describe('readResponse', () => {
  it.each<readonly [what: string, value: unknown]>([
    ['a text', 'event'],
    ['null', null],
    ['an object without an event', { data: 5 }],
    ['one with more members', { event: 'done', data: 5, at: 1 }],
    ['one with an inherited member more', Object.assign(Object.create({ at: 1 }) as object, { event: 'done' })],
    ['one whose event is no text', { event: 7, data: 5 }],
    [
      'one that says itself how it is written',
      Object.create({}, { event: { value: 'done' }, toJSON: { value: () => 1 } }),
    ],
  ])('takes %s for data', (_, value) => {
    expect(readResponse(value)).toBeUndefined();
  });

  it('reads each member once', () => {
    let reads = 0;
    const response = {
      get event() {
        reads++;
        return reads === 1 ? 'done' : '$auth';
      },
      data: 5,
    };
    expect(readResponse(response)).toEqual({ event: 'done', data: 5 });
  });

  it('lets nobody answer with an event of the module', () => {
    expect(() => readResponse({ event: '$auth', data: 5 })).toThrow(TypeError);
  });
});

describe('an error frame', () => {
  const refusal = (more: Partial<Refusal> = {}): Refusal => ({ code: 'FORBIDDEN', reason: 'policy', ...more });
  const data = (more?: Partial<Refusal>, withText = false) => errorData(refusal(more), 'c-1', withText);

  it('OD-01 OD-03 says the code, its text and nothing else', () => {
    expect(data()).toStrictEqual({ code: 'FORBIDDEN', message: expect.any(String) as string, correlationId: 'c-1' });
    expect(data({ code: 'UNKNOWN_EVENT' }).message).toBe('There is no such event.');
  });

  it.each<readonly [more: Partial<Refusal>, withText: boolean, isShown: boolean]>([
    [{ text: 'of the exception' }, true, true],
    [{ text: 'of the exception' }, false, false],
    [{ text: { not: 'a text' } as unknown as string }, true, false],
  ])('OD-01 shows the text of %j where texts are shown (%s): %s', (more, withText, isShown) => {
    expect(data(more, withText).message === 'of the exception').toBe(isShown);
    expect(data(more, withText).message).toBeTypeOf('string');
  });

  it.each([
    [0, 0],
    [1.2, 2],
    [Infinity, undefined],
    [NaN, undefined],
    [undefined, undefined],
  ])('DR-05 tells a wait of %s ms as %s', (retryAfterMs, told) => {
    const written = data(retryAfterMs === undefined ? {} : { retryAfterMs });
    expect(written.retryAfterMs).toBe(told);
    expect('retryAfterMs' in written).toBe(told !== undefined);
  });

  it('OD-02 says what the application has said', () => {
    const issues = [{ path: 'a', rule: 'isInt' }];
    const application = { reason: 'sold-out', details: { left: 0 } };
    expect(data({ issues, application })).toMatchObject({ issues, reason: 'sold-out', details: { left: 0 } });
    expect(Object.keys(data({ application: {} }))).toEqual(['code', 'message', 'correlationId']);
  });

  it('OD-02 names the message that it is about, by its id or its number', () => {
    const written = data();
    const parsed = (...rest: [id: number | undefined, messages?: readonly [number, number]]): unknown =>
      JSON.parse(errorFrame(written, ...rest));
    expect(parsed(7)).toStrictEqual({ event: 'error', id: 7, data: written });
    expect(parsed(undefined, [2, 4])).toStrictEqual({ event: 'error', messages: [2, 4], data: written });
    expect(parsed(undefined)).toStrictEqual({ event: 'error', data: written });
  });
});
