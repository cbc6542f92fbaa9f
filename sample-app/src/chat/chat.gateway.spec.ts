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
    const settings = { publicUrl: ORIGIN, origins: [ORIGIN], accessMs: 900_000 };
    const testing = await Test.createTestingModule({
      imports: [AppModule.forRoot(settings, database), SecureWsTestingModule.forRoot({ clock })],
    }).compile();
    app = testing.createNestApplication({ logger: false });
    await app.listen(0, '127.0.0.1');
    rooms = app.get(RoomsService, { strict: false });
    // Real work on a machine that may be busy: a deadline would measure the machine.
  }, Infinity);

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

  it('AZ-06 sends nothing more to a listener who was put out of the room', async () => {
    const [bob, carol] = [await joinGeneral('bob'), await joinGeneral('carol')];
    await rooms.removeMember('general', idOf('carol'));
    onTestFinished(() => rooms.addMember('general', idOf('carol')));
    const reply = await sendTo(bob, 'general', 'without Carol');
    expect(reply).toMatchObject({ event: 'message.send' });
    // Whatever the room was sent has arrived before the answer to a later message.
    expect(await carol.request('message.history', { roomId: 'general' })).toMatchObject(FORBIDDEN);
    expect(carol.unread).toEqual([]);
  });

  it('DR-05 answers the eleventh message within ten seconds THROTTLED, and takes one again after them', async () => {
    const throttled = { event: 'error', data: { code: 'THROTTLED' } };
    const [alice, bob] = [await connectAs(idOf('alice')), await connectAs(idOf('bob'))];
    // What Alice sent in the tests before counts too: the limit is hers, not her connection's.
    clock.advance(seconds(10));
    for (let i = 1; i <= 10; i++) {
      expect(await sendTo(alice, 'support', `message ${i}`)).toMatchObject({ event: 'message.send' });
    }
    expect(await sendTo(alice, 'support', 'message 11')).toMatchObject(throttled);
    clock.advance(seconds(9));
    expect(await sendTo(alice, 'support', 'message 12')).toMatchObject(throttled);
    expect(await sendTo(bob, 'support', 'Slow down.')).toMatchObject({ event: 'message.send' });

    clock.advance(seconds(1));
    expect(await sendTo(alice, 'support', 'message 13')).toMatchObject({ event: 'message.send' });
    const history = await alice.request('message.history', { roomId: 'support' });
    expect(JSON.stringify(history)).toContain('message 13');
    expect(JSON.stringify(history)).not.toMatch(/message 1[12]/);
  });

  it('stores markup and passes it on as the text that it is', async () => {
    const text = '<img src=x onerror=alert(1)> & "quotes"';
    const [bob, carol] = [await joinGeneral('bob'), await joinGeneral('carol')];
    const reply = await sendTo(bob, 'general', text);
    expect(reply).toMatchObject({ event: 'message.send', data: { text } });
    expect(await carol.next('message')).toEqual({ event: 'message', data: reply.data });
    expect(await carol.request('message.history', { roomId: 'general' })).toMatchObject({
      data: { messages: expect.arrayContaining([reply.data]) as unknown },
    });
  });

  it('MV-03 takes the author from the connection, whatever the message says', async () => {
    const bob = await joinGeneral('bob');
    const author = { id: idOf('carol'), name: 'Carol' };
    expect(await bob.request('message.send', { roomId: 'general', text: 'I am Carol', author })).toMatchObject({
      event: 'error',
      data: { code: 'VALIDATION_FAILED' },
    });
    expect(await sendTo(bob, 'general', 'I am Bob')).toMatchObject({ data: { author: { id: idOf('bob') } } });
  });

  it.each<[string, number, ConnectOptions]>([
    ['without a token', 401, { origin: ORIGIN }],
    ['with a token that nobody signed', 401, { origin: ORIGIN, as: 'secure-ws-test.e30.AAAA' }],
    ['of another site', 403, { origin: 'https://evil.example', as: testIdentity() }],
  ])('refuses a handshake %s', async (_, status, options) => {
    await expect(connect(app, { path: '/chat', ...options })).rejects.toMatchObject({ status });
  });
});
