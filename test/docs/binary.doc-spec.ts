import { connect, testIdentity } from '@secure-ws/nestjs/testing';
import { expect, it } from 'vitest';
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
