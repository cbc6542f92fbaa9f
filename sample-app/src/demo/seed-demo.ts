import { AccountsService } from '../accounts/accounts.service.js';
import { PasswordHasher } from '../accounts/password-hasher.js';
import { MessagesService } from '../chat/messages.service.js';
import type { Database } from '../database/database.js';
import { RoomsService } from '../rooms/rooms.service.js';
import { DEMO_USERS } from './demo-users.js';

/** The topics hold markup, one of them hostile: the page shows them through DOMPurify. */
const ROOMS = [
  {
    id: 'general',
    name: 'General',
    topic: 'Everybody is here. Be <strong>kind</strong>.<iframe src=//evil.example></iframe>',
  },
  { id: 'support', name: 'Support', topic: 'Questions of customers. Answer <em>within the hour</em>.' },
  { id: 'board', name: 'Board', topic: 'For the board only. What is said here <strong>stays here</strong>.' },
] as const;

const MESSAGES = [
  { room: 'general', author: 'alice', text: 'Good morning! The new chat is up.' },
  { room: 'general', author: 'bob', text: 'Looks good. Does it survive <img src=x onerror=alert(1)> ?' },
  { room: 'general', author: 'carol', text: 'It shows it as text, as it should.' },
  { room: 'support', author: 'bob', text: 'Ticket 4711 is solved. The customer says thank you.' },
  { room: 'board', author: 'carol', text: 'The figures for the third quarter are in.' },
] as const;

/**
 * Fills an empty database with the demo's users, rooms and first messages; leaves any other as it is.
 *
 * @throws Error where `NODE_ENV` is `production`: the passwords are public.
 */
export async function seedDemo(database: Database): Promise<void> {
  if (process.env['NODE_ENV'] === 'production') {
    throw new Error('The demo users have public passwords and are not made in production. Set DEMO=off.');
  }
  await database.transaction(async (transaction) => {
    // Two processes that start at once on one server must not both find it empty.
    await transaction.query('LOCK TABLE users IN EXCLUSIVE MODE');
    const accounts = new AccountsService(transaction, new PasswordHasher());
    if ((await accounts.count()) === 0)
      await fill(accounts, new RoomsService(transaction), new MessagesService(transaction));
  });
}

async function fill(accounts: AccountsService, rooms: RoomsService, messages: MessagesService): Promise<void> {
  for (const [position, { id, name, topic }] of ROOMS.entries()) await rooms.create(id, name, topic, position);
  const ids = new Map<string, string>();
  for (const { username, displayName, password, rooms: entered, roles } of DEMO_USERS) {
    const { id } = await accounts.create(username, displayName, password, roles);
    ids.set(username, id);
    for (const room of entered) await rooms.addMember(room, id);
  }
  for (const { room, author, text } of MESSAGES) {
    const membership = await rooms.membership(room, ids.get(author) ?? '');
    if (membership !== undefined) await messages.add(membership, text);
  }
}
