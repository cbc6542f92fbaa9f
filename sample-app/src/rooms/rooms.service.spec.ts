import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AccountsService } from '../accounts/accounts.service.js';
import { PasswordHasher } from '../accounts/password-hasher.js';
import { SessionsService } from '../accounts/sessions.service.js';
import { HISTORY_PAGE, MessagesService } from '../chat/messages.service.js';
import type { Database } from '../database/database.js';
import { migrate } from '../database/migrate.js';
import { openDatabase } from '../database/open-database.js';
import { RoomsService } from './rooms.service.js';

describe('rooms, accounts and messages in the database', () => {
  let database: Database;
  let rooms: RoomsService;
  let accounts: AccountsService;
  let messages: MessagesService;
  let alice: string;
  let carol: string;

  beforeAll(async () => {
    database = await openDatabase('memory');
    rooms = new RoomsService(database);
    accounts = new AccountsService(database, new PasswordHasher());
    messages = new MessagesService(database);
    alice = (await accounts.create('alice', 'Alice', 'alice-password')).id;
    carol = (await accounts.create('carol', 'Carol', 'carol-password')).id;
    await rooms.create('general', 'General', 'Hello', 0);
    await rooms.create('board', 'Board', '', 1);
    await rooms.addMember('general', alice);
    await rooms.addMember('general', carol);
    await rooms.addMember('board', carol);
    // Real work on a machine that may be busy: a deadline would measure the machine.
  }, Infinity);

  afterAll(() => database.close());

  it('runs each migration once', async () => {
    expect(await migrate(database)).toEqual([]);
  });

  it('rolls a failed transaction back', async () => {
    const failed = database.transaction(async (transaction) => {
      await transaction.query('DELETE FROM memberships');
      throw new Error('no');
    });
    await expect(failed).rejects.toThrow('no');
    expect(await rooms.members('general')).toHaveLength(2);
  });

  it('lists every room by name, and says which one may enter', async () => {
    expect(await rooms.listFor(alice)).toEqual([
      { id: 'general', name: 'General', member: true },
      { id: 'board', name: 'Board', member: false },
    ]);
  });

  it('finds the membership of a member', async () => {
    expect(await rooms.membership('general', alice)).toEqual({
      roomId: 'general',
      roomName: 'General',
      topic: 'Hello',
      userId: alice,
      userName: 'Alice',
    });
  });

  it.each([
    ['a room of others', 'board'],
    ['a room that is not there', 'attic'],
    ['an injection', "general' OR '1'='1"],
  ])('finds no membership in %s', async (_, roomId) => {
    expect(await rooms.membership(roomId, alice)).toBeUndefined();
  });

  it('forgets a member that was put out', async () => {
    await rooms.addMember('board', alice);
    await rooms.addMember('board', alice);
    expect(await rooms.membership('board', alice)).toBeDefined();
    await rooms.removeMember('board', alice);
    expect(await rooms.membership('board', alice)).toBeUndefined();
  });

  it('checks passwords, and answers alike for a wrong one and for nobody', async () => {
    expect(await accounts.verify('alice', 'alice-password')).toMatchObject({ id: alice, displayName: 'Alice' });
    expect(await accounts.verify('alice', 'carol-password')).toBeUndefined();
    expect(await accounts.verify('nobody', 'alice-password')).toBeUndefined();
  });

  it('stores no password and no session token as it is', async () => {
    const { token } = await new SessionsService(database).start({
      id: alice,
      username: 'alice',
      displayName: 'Alice',
      roles: [],
    });
    const stored = JSON.stringify([
      await database.query('SELECT * FROM users'),
      await database.query('SELECT * FROM sessions'),
    ]);
    expect(stored).not.toContain('alice-password');
    expect(stored).not.toContain(token);
  });

  it('finds a session by its cookie until it ends', async () => {
    const sessions = new SessionsService(database);
    const { session, token } = await sessions.start({ id: alice, username: 'alice', displayName: 'Alice', roles: [] });
    const cookie = `__Host-chat-session=${token}`;
    expect(await sessions.find(cookie)).toEqual(session);
    expect(await sessions.find(`__Host-chat-session=${'a'.repeat(43)}`)).toBeUndefined();
    await sessions.end(session.id);
    expect(await sessions.find(cookie)).toBeUndefined();
  });

  it('keeps text as it was typed and pages through it, the oldest first', async () => {
    const membership = await rooms.membership('general', alice);
    if (membership === undefined) throw new Error('Alice is in "general".');
    const markup = '<img src=x onerror=alert(1)>';
    await messages.add(membership, markup);
    for (let i = 1; i <= HISTORY_PAGE; i++) await messages.add(membership, `message ${i}`);

    const newest = await messages.history({ memberId: alice }, 'general');
    expect(newest.hasMore).toBe(true);
    expect(newest.messages.map((message) => message.text).slice(-1)).toEqual([`message ${HISTORY_PAGE}`]);
    expect(newest.messages).toHaveLength(HISTORY_PAGE);

    const older = await messages.history({ memberId: alice }, 'general', newest.messages[0]?.id);
    expect(older).toMatchObject({ hasMore: false, messages: [{ text: markup, author: { id: alice, name: 'Alice' } }] });
    expect((await messages.history({ memberId: carol }, 'board')).messages).toEqual([]);
  });
});
