import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../testing/fake-clock.js';
import { readSetBody } from './set-body.js';

const SET = { 'content-type': 'application/secevent+jwt' };

describe('readSetBody', () => {
  it('DR-06 waits no longer than five seconds for a sender that sends nothing', async () => {
    const clock = new FakeClock();
    const body = new PassThrough();
    const read = readSetBody({ headers: SET, body }, clock);
    body.write('a.b');
    clock.advance(5000);
    expect(await read).toBeUndefined();
    body.destroy();
  });

  it.each([undefined, 'application/json', 'application/secevent+jwtx', 7])('SL-04 takes no body of type %j', async (type) => {
    expect(await readSetBody({ headers: { 'content-type': type }, body: 'a.b.c' }, new FakeClock())).toBeUndefined();
    expect(await readSetBody({ headers: SET, body: 'a.b.c' }, new FakeClock())).toBe('a.b.c');
  }); // prettier-ignore
});
