import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { seconds } from '@secure-ws/nestjs';
import {
  connect,
  FakeClock,
  SecureWsTestingModule,
  testIdentity,
  type ConnectOptions,
  type ReceivedMessage,
  type WsTestClient,
} from '@secure-ws/nestjs/testing';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { AppModule } from '../app.module.js';
import { openDatabase } from '../database/open-database.js';
import { seedDemo } from '../demo/seed-demo.js';
import { RoomsService } from '../rooms/rooms.service.js';

const ORIGIN = 'https://chat.example.com';

const FORBIDDEN = { event: 'error', data: { code: 'FORBIDDEN' } };

describe('ChatGateway', () => {
  const clock = new FakeClock();
  let app: INestApplication;
  let rooms: RoomsService;
  const ids = new Map<string, string>();

  beforeAll(async () => {
    const database = await openDatabase('memory');
    await seedDemo(database);
    const people = await database.query<{ id: string; username: string }>('SELECT id, username FROM users');
    for (const { id, username } of people) ids.set(username, id);
    const settings = { publicUrl: ORIGIN, origins: [ORIGIN], tokenSecret: 'a secret of this test and of nothing else' };
    const testing = await Test.createTestingModule({
      imports: [AppModule.forRoot(settings, database), SecureWsTestingModule.forRoot({ clock })],
    }).compile();
    app = testing.createNestApplication({ logger: false });
    await app.listen(0, '127.0.0.1');
    rooms = app.get(RoomsService, { strict: false });
  }, 60_000);

  afterAll(() => app.close());

  function idOf(username: string): string {
    const id = ids.get(username);
    if (id === undefined) throw new Error(`The demo has no user "${username}".`);
    return id;
  }

  /** As the page does it. */
  async function connectAs(id: string, options: ConnectOptions = {}): Promise<WsTestClient> {
    const as = testIdentity({ id });
    const client = await connect(app, { path: '/chat', as, origin: ORIGIN, credentialIn: 'subprotocol', ...options });
    onTestFinished(() => client.close());
    return client;
  }

  /** The others in "general" at the moment are those who called this. */
  async function joinGeneral(username: string): Promise<WsTestClient> {
    const client = await connectAs(idOf(username));
    expect(await client.request('room.join', { roomId: 'general' })).toMatchObject({ event: 'room.join' });
    return client;
  }

  function sendTo(client: WsTestClient, roomId: string, text: string): Promise<ReceivedMessage> {
    return client.request('message.send', { roomId, text });
  }

  it('lets a member in, and passes on what a member sends', async () => {
    const alice = await connectAs(idOf('alice'));
    expect(await alice.request('room.join', { roomId: 'general' })).toMatchObject({
      event: 'room.join',
      data: { roomId: 'general', name: 'General', members: [{ name: 'Alice' }, { name: 'Bob' }, { name: 'Carol' }] },
    });
    const bob = await joinGeneral('bob');

    alice.send('typing', { roomId: 'general' });
    const author = { id: idOf('alice'), name: 'Alice' };
    expect(await bob.next()).toEqual({ event: 'typing', data: { roomId: 'general', user: author } });

    const reply = await sendTo(alice, 'general', 'hello');
    expect(reply).toMatchObject({ event: 'message.send', data: { roomId: 'general', author, text: 'hello' } });
    expect(await bob.next()).toEqual({ event: 'message', data: reply.data });
    expect(await bob.request('message.history', { roomId: 'general' })).toMatchObject({
      data: { messages: expect.arrayContaining([reply.data]) as unknown },
    });
    expect(alice.unread).toEqual([]);
  });

  it.each([
    ['room.join', {}],
    ['message.send', { text: 'hello' }],
    ['message.history', {}],
  ])('AZ-04 refuses "%s" of a stranger, in a room of others as in one that is not there', async (event, data) => {
    // Alice is no member of "board"; the other one has no account at all.
    for (const id of [idOf('alice'), 'nobody-0000']) {
      const client = await connectAs(id);
      expect(await client.request(event, { roomId: 'board', ...data })).toMatchObject(FORBIDDEN);
      expect(await client.request(event, { roomId: 'attic', ...data })).toMatchObject(FORBIDDEN);
    }
  });
