import { describe, expect, it } from 'vitest';
import { EchoGateway } from '../support/echo.gateway.js';
import { expectError } from '../support/error-frame.js';
import { connect } from '../support/queueing-client.js';
import { sharedApp } from '../support/start-app.js';

const keys = (count: number): string => Array.from({ length: count }, (_, key) => `"${key.toString(36)}":0`).join();
const nest = (open: string, close: string, depth: number): string => `${open.repeat(depth)}0${close.repeat(depth)}`;
const message = (data: string): string => `{"event":"echo","data":${data},"id":1}`;

const BOMBS: readonly (readonly [what: string, frame: string])[] = [
  ['20,000 lists in each other', message(nest('[', ']', 20_000))],
  ['10,000 objects in each other', message(nest('{"":', '}', 10_000))],
  ['lists and objects in turn', message(nest('[{"a":', '}]', 7000))],
  ['a deep text that never ends', message('['.repeat(60_000))],
  ['10,000 keys', message(`{${keys(10_000)}}`)],
  ['30,000 elements', message(`[${'0,'.repeat(30_000)}0]`)],
  ['20,000 empty objects', message(`[${'{},'.repeat(20_000)}{}]`)],
  ['depth behind a valid payload', `{"data":{"text":"x"},"event":"echo","id":${nest('[', ']', 20_000)}}`],
  ['depth where the event should be', `{"event":${nest('[', ']', 20_000)}}`],
  ['one key more than may be', message(`{${keys(201)}}`)],
  ['one level more than may be', message(nest('[', ']', 20))],
  ['a key of 60,000 characters, twice', message(`{"${'k'.repeat(30_000)}":0,"${'k'.repeat(30_000)}":0}`)],
  ['a number of 60,000 digits', message(`{"text":${'9'.repeat(60_000)}}`)],
];

describe('a small message that is much to read', () => {
  const app = sharedApp({
    providers: [EchoGateway],
    options: { validation: { maxMessageBytes: 131_072 }, throttling: { connectionBytesPerSecond: 10_000_000 } },
  });

  it.each(BOMBS)('MV-06 is answered BAD_MESSAGE, and the next one is handled: %s', async (_, frame) => {
    const handled = app().app.get(EchoGateway).handled.length;
    const client = await connect(`${app().url}/echo`, { token: app().token() });
    client.sendRaw(frame);
    const reply = await client.next();
    expectError(reply, 'BAD_MESSAGE');
    expect(JSON.stringify(reply).length).toBeLessThan(400);
    expect(await client.request('echo', { text: 'next' })).toMatchObject({ data: { text: 'next' } });
    expect(app().app.get(EchoGateway).handled).toHaveLength(handled + 1);
  });

  it('MV-06 is not one at the limits', async () => {
    const client = await connect(`${app().url}/echo`, { token: app().token() });
    for (const data of [`{${keys(200)}}`, nest('[', ']', 19)]) {
      client.sendRaw(message(data));
      // Read whole, and then refused for what it is.
      expectError(await client.next(), 'VALIDATION_FAILED');
    }
  });
});
