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

  it.each<[string, (stream: PassThrough) => object]>([
    ['the body', (body) => ({ body })],
    ['the request of Node in that of Fastify', (raw) => ({ raw, body: undefined })],
    ['the request itself', (stream) => Object.assign(stream, { body: { parsed: true } })],
  ])('SL-04 reads the token where nobody has: in %s', async (_, shape) => {
    const stream = new PassThrough();
    stream.write('a.b');
    stream.end('.c');
    const request = Object.assign(shape(stream), { headers: SET });
    expect(await readSetBody(request, new FakeClock())).toBe('a.b.c');
  });

  it('SL-04 reads bytes that somebody has read, and nothing of what somebody has parsed', async () => {
    const read = (body: unknown) => readSetBody({ headers: SET, body }, new FakeClock());
    expect(await read(Buffer.from('a.b.\xff', 'latin1'))).toBe('a.b.\xff');
    for (const body of [undefined, null, {}, 7, ['a.b.c']]) expect(await read(body)).toBeUndefined();
  });

  it('DR-06 reads as much as a token may have, and leaves the stream to who answers', async () => {
    const read = (bytes: number) => {
      const body = new PassThrough({ highWaterMark: 32_768 });
      body.end(Buffer.alloc(bytes, 'x'));
      return { body, text: readSetBody({ headers: SET, body }, new FakeClock()) };
    };
    expect((await read(16_384).text)?.length).toBe(16_384);
    const large = read(16_385);
    expect(await large.text).toBeUndefined();
    expect(large.body.destroyed).toBe(false);
  });

  it('DR-14 takes a sender that leaves for one that sent nothing', async () => {
    const body = new PassThrough();
    const text = readSetBody({ headers: SET, body }, new FakeClock());
    body.write('a.b');
    body.destroy(new Error('reset'));
    expect(await text).toBeUndefined();
  });

  it.each(['Application/SecEvent+JWT', 'application/secevent+jwt; charset=utf-8', 'application/secevent+jwt ;x'])(
    'SL-04 takes the type %s',
    async (type) => {
      expect(await readSetBody({ headers: { 'content-type': type }, body: 'a' }, new FakeClock())).toBe('a');
    },
  );

  it('SL-04 takes no type that only ends like it', async () => {
    const headers = { 'content-type': 'x-application/secevent+jwt' };
    expect(await readSetBody({ headers, body: 'a' }, new FakeClock())).toBeUndefined();
  });
});
