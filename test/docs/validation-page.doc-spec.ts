import { connect, testIdentity } from '@secure-ws/nestjs/testing';
import { describe, expect, it } from 'vitest';
import { around, boot, example } from './example.js';

const ID = '7f6f1f0a-6d0f-4f3b-9f57-0f6d1c1d2a3b';
const codeOf = ({ data }: { readonly data?: unknown }): unknown => (data as { readonly code?: unknown }).code;

describe('F45 every example of the guide runs: validation', () => {
  it('validation/profiles.gateway.ts reads one DTO for three events', async () => {
    const { ProfilesGateway } = await example('validation/profiles.gateway.ts', 'ProfilesGateway');
    const app = await boot(around([ProfilesGateway]));
    await using client = await connect(app, { path: '/profiles', as: testIdentity({ roles: ['moderator'] }) });
    expect(await client.request('profile.create', { invitation: ID, name: 'Ann' })).toMatchObject({
      data: { name: 'Ann', by: ID },
    });
    for (const more of [{ blocked: true }, { id: ID }, { pronouns: 'she' }]) {
      expect(codeOf(await client.request('profile.create', { invitation: ID, name: 'Ann', ...more }))).toBe(
        'VALIDATION_FAILED',
      );
    }
    expect(codeOf(await client.request('profile.update.v2', { id: ID, name: 'x'.repeat(81) }))).toBe(
      'VALIDATION_FAILED',
    );
    const updated = await client.request('profile.update.v2', { id: ID, pronouns: 'she' });
    expect(updated).toMatchObject({ data: { id: ID, pronouns: 'she' } });
    const blocked = await client.request('profile.block', { id: ID, blocked: true });
    expect(blocked).toMatchObject({ data: { id: ID, blocked: true } });
  });
});
