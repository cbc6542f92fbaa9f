import { PassThrough } from 'node:stream';
import { finished } from 'node:stream/promises';
import { describe, expect, it } from 'vitest';
import { BoundedSocket } from './bounded-socket.js';

class Probe extends PassThrough {
  ends = 0;
  override end(...args: unknown[]): this {
    this.ends++;
    return super.end(...(args as []));
  }
}

async function endedStream(): Promise<Probe> {
  const raw = new Probe();
  // As a server of ws makes it.
  (Reflect.construct(BoundedSocket, [null, undefined, {}]) as BoundedSocket).coalesceOn(raw);
  raw.resume().end('last');
  await finished(raw);
  return raw;
}

describe('BoundedSocket', () => {
  it('ends its stream, and does not end it again as ws does', async () => {
    const raw = await endedStream();
    expect(raw.ends).toBe(1);
    expect(raw.end()).toBe(raw);
    expect(raw.ends).toBe(1);
  });

  it('leaves it to the stream to answer whoever waits for its end, or has more to send', async () => {
    const raw = await endedStream();
    const told = new Promise((resolve) => raw.end(resolve));
    await expect(told).resolves.toMatchObject({ code: 'ERR_STREAM_ALREADY_FINISHED' });
  });
});
