import { Client } from 'pg';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { AccountsService } from '../../sample-app/src/accounts/accounts.service.js';
import { PasswordHasher } from '../../sample-app/src/accounts/password-hasher.js';
import { MessagesService } from '../../sample-app/src/chat/messages.service.js';
import type { Database } from '../../sample-app/src/database/database.js';
import { type DatabaseLocation, openDatabase } from '../../sample-app/src/database/open-database.js';
import { forMember } from '../../sample-app/src/database/row-security.js';
import { RoomsService } from '../../sample-app/src/rooms/rooms.service.js';
import { sharedPostgres } from '../support/postgres-server.js';

const postgres = sharedPostgres();
let databases = 0;

/** Runs statements as the superuser of the server. */
async function asSuperuser(database: string, ...statements: string[]): Promise<void> {
  const client = new Client({ connectionString: postgres().url('postgres', database) });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}

beforeAll(() => asSuperuser('postgres', 'CREATE ROLE chat_owner LOGIN CREATEROLE'), Infinity);

/** The three ways in which the app may have its database. */
const LOCATIONS: readonly (readonly [what: string, location: () => Promise<DatabaseLocation>])[] = [
  ['inside the process', () => Promise.resolve('memory')],
  ['on a server, as the owner of the tables', () => newDatabase('chat_owner')],
  ['on a server, as a superuser', () => newDatabase('postgres')],
];

async function newDatabase(owner: string): Promise<{ readonly url: string }> {
  const name = `chat_${++databases}`;
  await asSuperuser('postgres', `CREATE DATABASE ${name} OWNER ${owner}`);
  await asSuperuser(name, `ALTER SCHEMA public OWNER TO ${owner}`);
  return { url: postgres().url(owner, name) };
}

interface Chat {
  readonly database: Database;
  readonly messages: MessagesService;
  readonly rooms: RoomsService;
  readonly alice: string;
  readonly carol: string;
}

async function chatAt(location: DatabaseLocation): Promise<Chat> {
  const database = await openDatabase(location);
  onTestFinished(() => database.close());
  const rooms = new RoomsService(database);
  const messages = new MessagesService(database);
  const accounts = new AccountsService(database, new PasswordHasher());
  const alice = (await accounts.create('alice', 'Alice', 'alice-password')).id;
  const carol = (await accounts.create('carol', 'Carol', 'carol-password')).id;
  await rooms.create('general', 'General', '', 0);
  await rooms.create('board', 'Board', '', 1);
  for (const member of [alice, carol]) await rooms.addMember('general', member);
  await rooms.addMember('board', carol);
  for (const [room, member] of [
    ['general', alice],
    ['board', carol],
  ] as const) {
    const membership = await rooms.membership(room, member);
    if (membership === undefined) throw new Error(`Nobody is in ${room}.`);
    await messages.add(membership, `said in ${room}`);
  }
  return { database, messages, rooms, alice, carol };
}

const ALL = 'SELECT room_id FROM messages ORDER BY id';

describe.each(LOCATIONS)('the rows of messages, %s', (_, locate) => {
  let chat: Chat;
  const ofMember = (memberId: string, sql = ALL) =>
    forMember(chat.database, { memberId }, (database) => database.query<{ room_id: string }>(sql));

  const prepare = async (): Promise<void> => {
    chat = await chatAt(await locate());
  };

  it('AZ-04 are those of the rooms of a member, whatever the query says', async () => {
    await prepare();
    expect(await ofMember(chat.carol)).toEqual([{ room_id: 'general' }, { room_id: 'board' }]);
    expect(await ofMember(chat.alice)).toEqual([{ room_id: 'general' }]);
    // As if no policy had looked at the id that a client chose.
    expect((await chat.messages.history({ memberId: chat.alice }, 'board')).messages).toEqual([]);
    expect((await chat.messages.history({ memberId: chat.carol }, 'board')).messages).toHaveLength(1);
    const injected = "SELECT room_id FROM messages WHERE room_id = 'x' OR true UNION ALL SELECT room_id FROM messages";
    expect(new Set((await ofMember(chat.alice, injected)).map((row) => row.room_id))).toEqual(new Set(['general']));
    expect(await ofMember(chat.alice, "SELECT id FROM messages WHERE id = 2 OR text LIKE '%board%'")).toEqual([]);
    expect(await ofMember(chat.alice, 'SELECT count(*)::int AS n FROM messages')).toEqual([{ n: 1 }]);
  });

  it('AZ-04 are none without a member, and none where a member was before', async () => {
    await prepare();
    expect(await chat.database.query(ALL)).toEqual([]);
    await ofMember(chat.carol);
    // As many as the pool has, and more: each connection has been somebody's.
    const many = Array.from({ length: 40 }, (_none, at) =>
      at % 2 === 0 ? ofMember(at % 4 === 0 ? chat.alice : chat.carol) : chat.database.query<{ room_id: string }>(ALL),
    );
    const counts = (await Promise.all(many)).map((rows) => rows.length);
    expect(counts).toEqual(counts.map((_count, at) => [1, 0, 2, 0][at % 4]));
    await expect(
      forMember(chat.database, { memberId: chat.carol }, () => Promise.reject(new Error('no'))),
    ).rejects.toThrow('no');
    expect(await Promise.all(Array.from({ length: 20 }, () => chat.database.query(ALL)))).toEqual(Array(20).fill([]));
  });

  it('MV-14 are none for a member that is no id', async () => {
    await prepare();
    for (const memberId of ["' OR true --", "x'; RESET ROLE; --", '*', `${chat.carol}' OR 'a'='a`, '\u0000']) {
      await expect(ofMember(memberId)).rejects.toThrow(/invalid/);
    }
    expect(await ofMember('')).toEqual([]);
    expect(await ofMember('00000000-0000-4000-8000-000000000000')).toEqual([]);
    expect(await ofMember(chat.alice)).toHaveLength(1);
  });

  it('AZ-04 are written by nobody in the name of another, in a room of others, or later', async () => {
    await prepare();
    const insert = (room: string, author: string) =>
      ofMember(chat.alice, `INSERT INTO messages (room_id, author_id, text) VALUES ('${room}', '${author}', 'x')`);
    await expect(insert('general', chat.carol)).rejects.toThrow(/row-level security/);
    await expect(insert('board', chat.alice)).rejects.toThrow(/row-level security/);
    await insert('general', chat.alice);
    await expect(ofMember(chat.alice, "UPDATE messages SET text = 'y'")).rejects.toThrow(/permission denied/);
    await expect(ofMember(chat.alice, 'DELETE FROM messages')).rejects.toThrow(/permission denied/);
    await expect(chat.database.query('ALTER TABLE messages DISABLE ROW LEVEL SECURITY')).rejects.toThrow(
      /must be owner/,
    );
    await expect(chat.database.query('SET row_security = off')).resolves.toBeDefined();
    await expect(
      chat.database.query('SELECT set_config($1, $2, false)', ['row_security', 'on']),
    ).resolves.toBeDefined();
  });

  it('AZ-15 are gone with the membership', async () => {
    await prepare();
    expect(await ofMember(chat.carol)).toHaveLength(2);
    await chat.rooms.removeMember('board', chat.carol);
    expect(await ofMember(chat.carol)).toEqual([{ room_id: 'general' }]);
  });
});

describe('a PostgreSQL server', () => {
  it('AZ-04 filters the rows of the owner of the table too', async () => {
    const location = await newDatabase('chat_owner');
    const { carol } = await chatAt(location);
    const owner = new Client({ connectionString: location.url });
    await owner.connect();
    onTestFinished(() => owner.end());
    expect((await owner.query(ALL)).rows).toEqual([]);
    await owner.query("SELECT set_config('chat.member_id', $1, false)", [carol]);
    expect((await owner.query(ALL)).rows).toHaveLength(2);
  });

  it('AZ-01 opens again as it was, and not at all where the rows are not filtered', async () => {
    const location = await newDatabase('postgres');
    await (await openDatabase(location)).close();
    await (await openDatabase(location)).close();
    const unfiltered = 'The role "chat_app" must filter rows';
    await expect(openDatabase({ url: `${location.url}?options=-c%20role%3Dpostgres` })).rejects.toThrow(unfiltered);
    onTestFinished(() => asSuperuser('postgres', 'ALTER ROLE chat_app NOBYPASSRLS'));
    await asSuperuser('postgres', 'ALTER ROLE chat_app BYPASSRLS');
    await expect(openDatabase(location)).rejects.toThrow(unfiltered);
  });
});
