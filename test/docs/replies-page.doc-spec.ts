import { connect, testIdentity } from '@secure-ws/nestjs/testing';
import { describe, expect, it } from 'vitest';
import { around, boot, example } from './example.js';

const ID = '6b1c0c1e-6d0e-4a56-9d8e-3a1f6f7b9c11';

describe('F45 every example of the guide runs: replies', () => {
  it('OD-04 replies/users.gateway.ts sends what its output DTOs expose', async () => {
    const { UsersGateway } = await example('replies/users.gateway.ts', 'UsersGateway');
    const app = await boot(around([UsersGateway]));
    await using client = await connect(app, { path: '/users', as: testIdentity() });
    const user = { id: ID, name: 'Ann', joined: '1970-01-01T00:00:00.000Z', teams: [{ id: 't1', name: 'red' }] };
    expect((await client.request('user.find', { id: ID })).data).toEqual(user);
    expect((await client.request('user.teams')).data).toEqual([{ id: 't1', name: 'red' }]);
    await using auditor = await connect(app, { path: '/users', as: testIdentity({ roles: ['auditor'] }) });
    expect((await auditor.request('user.find', { id: ID })).data).toEqual({ ...user, salary: 100 });
  });

  it('OD-04 replies/announcements.ts tells everybody what they may see', async () => {
    const { UsersGateway } = await example('replies/users.gateway.ts', 'UsersGateway');
    const { Announcements } = await example('replies/announcements.ts', 'Announcements');
    const app = await boot(around([UsersGateway, Announcements]));
    await using client = await connect(app, { path: '/users', as: testIdentity() });
    await using staff = await connect(app, { path: '/users', as: testIdentity({ roles: ['staff'] }) });
    const announcements = app.get<{ announce(notice: object): number }>(Announcements);
    const notice = { text: 'hello', author: 'bob', draft: 'hell' };
    expect(announcements.announce(notice)).toBe(2);
    expect(await client.next()).toEqual({ event: 'notice', data: { text: 'hello' } });
    expect(await staff.next()).toEqual({ event: 'notice', data: { text: 'hello', author: 'bob' } });
  });
});
