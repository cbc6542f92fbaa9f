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

  it('validation/members.gateway.ts closes a field by role', async () => {
    const { MembersGateway } = await example('validation/members.gateway.ts', 'MembersGateway');
    const app = await boot(around([MembersGateway]));
    const member = { name: 'Ann', role: 'writer' };
    await using owner = await connect(app, { path: '/members', as: testIdentity({ roles: ['owner'] }) });
    expect(await owner.request('member.set', member)).toMatchObject({ data: member });
    await using other = await connect(app, { path: '/members', as: testIdentity({ id: 'bob' }) });
    expect(await other.request('member.set', { name: 'Ann' })).toMatchObject({ data: { name: 'Ann' } });
    const refused = await other.request('member.set', member);
    expect(refused).toMatchObject({
      data: { code: 'VALIDATION_FAILED', issues: [{ path: '*', rule: 'whitelistValidation' }] },
    });
  });

  it('validation/quotes.gateway.ts takes a record', async () => {
    const { QuotesGateway } = await example('validation/quotes.gateway.ts', 'QuotesGateway');
    await using client = await connect(await boot(around([QuotesGateway])), { path: '/quotes', as: testIdentity() });
    expect(await client.request('quote.set', { prices: { EUR: { cents: 5 } } })).toMatchObject({
      data: { euros: { cents: 5 } },
    });
    for (const prices of [{ euro: { cents: 5 } }, { EUR: { cents: 0 } }, { EUR: 5 }]) {
      expect(codeOf(await client.request('quote.set', { prices }))).toBe('VALIDATION_FAILED');
    }
  });

  it('validation/rooms.gateway.ts takes what a schema makes of a message', async () => {
    const { RoomsGateway } = await example('validation/rooms.gateway.ts', 'RoomsGateway');
    await using client = await connect(await boot(around([RoomsGateway])), { path: '/rooms', as: testIdentity() });
    const renamed = await client.request('room.rename', { roomId: ID, name: ' Tea ' });
    expect(renamed).toMatchObject({ data: { roomId: ID, name: 'Tea' } });
    expect(await client.request('room.rename', { roomId: ID, name: ' ' })).toMatchObject({
      data: { code: 'VALIDATION_FAILED', issues: [{ path: 'name', rule: 'too_small' }] },
    });
  });

  it('validation/posts.gateway.ts cleans texts before it judges them', async () => {
    const { PostsGateway } = await example('validation/posts.gateway.ts', 'PostsGateway');
    await using client = await connect(await boot(around([PostsGateway])), { path: '/posts', as: testIdentity() });
    const dirty = {
      title: ' \uff21\u202e ',
      tags: [' tea '],
      body: '<p onclick=x>a</p><script>b</script>',
      caption: '<b>',
    };
    expect(await client.request('post.write', dirty)).toMatchObject({
      data: { title: 'A', tags: ['tea'], body: '<p>a</p>', caption: '&lt;b&gt;' },
    });
    expect(codeOf(await client.request('post.write', { ...dirty, title: ' \u202e ' }))).toBe('VALIDATION_FAILED');
  });
});
