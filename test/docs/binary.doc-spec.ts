import { connect, testIdentity } from '@secure-ws/nestjs/testing';
import { expect, it } from 'vitest';
import { binaryMessage, CODECS } from '../support/binary-message.js';
import { around, boot, example } from './example.js';

const ALICE = testIdentity({ id: 'alice' });

it('MV-19 binary/chat.gateway.ts has two versions of an event', async () => {
  const { ChatGateway } = await example('binary/chat.gateway.ts', 'ChatGateway');
  const app = await boot(around([ChatGateway]));
  await using old = await connect(app, { path: '/chat', as: ALICE });
  expect(await old.request('post', { text: 'tea' })).toMatchObject({ data: { room: 'lobby', text: 'tea' } });
  await using current = await connect(app, { path: '/chat', as: ALICE, protocols: ['chat.v1', 'chat.v2'] });
  expect(current.protocol).toBe('chat.v2');
  expect(await current.request('post', { room: 'kitchen', text: 'tea' })).toMatchObject({ data: { room: 'kitchen' } });
  expect(await current.request('post', { text: 'tea' })).toMatchObject({ data: { code: 'VALIDATION_FAILED' } });
});

it('MV-11 binary/avatars.gateway.ts takes an image', async () => {
  const { AvatarsGateway } = await example('binary/avatars.gateway.ts', 'AvatarsGateway');
  const app = await boot(around([AvatarsGateway]));
  await using client = await connect(app, { path: '/avatars', as: ALICE });
  const png = Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.alloc(300_000)]);
  client.sendRaw(binaryMessage({ event: 'avatar.set', data: { shape: 'round' }, id: 1 }, png));
  expect(await client.next()).toMatchObject({ data: { shape: 'round', size: png.length }, id: 1 });
  client.sendRaw(binaryMessage({ event: 'avatar.set', data: { shape: 'round' }, id: 2 }, Buffer.from('<svg>')));
  expect(await client.next()).toMatchObject({ data: { issues: [{ path: '', rule: 'magic' }] }, id: 2 });
});

it.each(['msgpack.v1', 'cbor.v1'] as const)('MV-19 binary/meters.gateway.ts speaks %s', async (protocol) => {
  const { MetersGateway } = await example('binary/meters.gateway.ts', 'MetersGateway');
  const app = await boot(around([MetersGateway]));
  await using client = await connect(app, { path: '/meters', as: ALICE, protocols: [protocol] });
  const { encode, decode } = CODECS[protocol];
  client.sendRaw(encode({ event: 'reading', data: { watts: 1.5 }, id: 1 }));
  const { data } = await client.next();
  expect(decode(data as Buffer)).toEqual({ event: 'reading', data: { watts: 1.5 }, id: 1 });
});
