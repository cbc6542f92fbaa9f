import { randomBytes } from 'node:crypto';
import { DEMO_USERS } from '../demo-users.js';
import type { Attacker, Outcome } from './attacker.js';

/** One kind of attack: what it is called, and one round of it. */
export interface Wave {
  readonly name: string;
  run(attacker: Attacker): Promise<readonly Outcome[]>;
}

const random = (): string => randomBytes(24).toString('base64url');
const times = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index));
const message = (event: string, data: unknown, id = 1): string => JSON.stringify({ event, data, id });

/** A ticket of somebody who may log in: an attacker with an account. */
async function ticketOf(attacker: Attacker, username: string): Promise<string> {
  const { password } = DEMO_USERS.find((user) => user.username === username) ?? {};
  const { status, body } = await attacker.post('/api/login', { username, password });
  const { credential } = (body ?? {}) as { readonly credential?: { readonly value: string } };
  if (credential === undefined) throw new Error(`log-in ${status}`);
  return `Ticket ${credential.value}`;
}

/** Lets an attacker in, and sends frames. */
async function inside(attacker: Attacker, frames: readonly (string | Buffer)[]): Promise<readonly Outcome[]> {
  try {
    return [await attacker.open({ authorization: await ticketOf(attacker, 'bob'), frames })];
  } catch (error) {
    return [error instanceof Error ? error.message : 'failed'];
  }
}

/** What is tried, one after the other. Each round sends a bounded number of requests. */
export const WAVES: readonly Wave[] = [
  {
    name: 'wrong tickets and tokens',
    run: (attacker) =>
      Promise.all(
        times(6, (index) => attacker.open({ authorization: `${index % 2 === 0 ? 'Ticket' : 'Bearer'} ${random()}` })),
      ),
  },
  {
    name: 'pages of foreign origins',
    run: (attacker) =>
      Promise.all(
        ['https://evil.example', 'null', 'http://localhost', 'https://localhost.evil.example'].map((origin) =>
          attacker.open({ origin, authorization: `Ticket ${random()}` }),
        ),
      ),
  },
  {
    name: 'paths that are not there',
    run: (attacker) =>
      Promise.all(['/admin', '/chat/..', '/%2e%2e/chat', '/operations/socket'].map((path) => attacker.open({ path }))),
  },
  {
    name: 'a flood of handshakes',
    run: (attacker) => Promise.all(times(30, () => attacker.open({ authorization: `Ticket ${random()}` }))),
  },
  {
    name: 'bytes that are no handshake',
    run: (attacker) =>
      Promise.all(
        [
          'GARBAGE\r\n\r\n',
          'GET /chat HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
          'POST /chat HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nContent-Length: 0\r\n\r\n',
        ].map((bytes) => attacker.garbage(bytes)),
      ),
  },
  {
    name: 'events and rooms that are forbidden',
    run: (attacker) =>
      inside(attacker, [
        ...times(10, (index) => message('room.join', { roomId: 'board' }, index)),
        ...times(10, (index) => message(`admin.${index}`, {}, 100 + index)),
        message('message.send', { roomId: 'general', text: 'x', admin: true }),
      ]),
  },
  {
    name: 'garbage inside a connection',
    run: (attacker) =>
      inside(attacker, [
        '{',
        '[]',
        '{"event":"a","event":"b"}',
        '{"__proto__":{}}',
        '['.repeat(500),
        Buffer.alloc(100),
        'null',
      ]),
  },
  {
    name: 'a flood of messages',
    run: (attacker) =>
      inside(
        attacker,
        times(150, (index) => message('typing', { roomId: 'general' }, index)),
      ),
  },
  {
    name: 'one message that is too big',
    run: (attacker) => inside(attacker, [message('message.send', { roomId: 'general', text: 'x'.repeat(200_000) })]),
  },
];
