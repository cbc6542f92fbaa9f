import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { scan } from '@secure-ws/scanner';
import { describe, expect, it, onTestFinished } from 'vitest';
import { RANGE } from './range-server.js';
import { type Script, verdictOf } from './verdict-of.js';
import { startScripted } from './scripted-server.js';

const { token, tokenB } = RANGE;
const credentials = { token };
const isA = ({ headers }: IncomingMessage): boolean => headers.authorization === `Bearer ${token}`;
const eventOf = (message: string): string | undefined => /"event":"([^"]*)"/.exec(message)?.[1];
const ORDERS = '{"event":"orders","data":[1]}';

describe('AN-01 a refusal of nobody', { timeout: 60_000 }, () => {
  it.each([
    '{"type":"authError","reason":"log in"}',
    '{"type":"AccessDenied"}',
    '{"err":"no"}',
    '{"action":"error"}',
    '{"type":"auth_required"}',
    '{"event":"orders","data":"Unauthorized"}',
    '{"event":"orders","data":{"statusCode":403,"message":"Forbidden"}}',
    '{"statusCode":401,"message":"Unauthorized"}',
  ])('SC-04 is %s', async (refusal) => {
    const serve: Script['serve'] = (client, _, request) => client.send(isA(request) ? ORDERS : refusal);
    const verdict = await verdictOf('unauthenticated', { serve }, { credentials, messages: ['{"event":"orders"}'] });
    expect(verdict).toMatchObject({ outcome: 'passed' });
  });

  it.each(['431["Unauthorized"]', '431[{"statusCode":401,"message":"Unauthorized"}]', '42["unauthorized",{}]'])(
    'SC-04 in Socket.IO is %s',
    async (refusal) => {
      const serve: Script['serve'] = (client, message, request) => {
        if (message.startsWith('40')) return client.send('40{"sid":"x"}');
        if (message.startsWith('42')) client.send(isA(request) ? '431[null,{"orders":[1]}]' : refusal);
      };
      const messages = ['421["orders",{}]'];
      expect(await verdictOf('unauthenticated', { serve }, { credentials, messages })).toMatchObject({
        outcome: 'passed',
      });
    },
  );

  it.each<readonly [answer: string, confidence: string]>([
    [ORDERS, 'firm'],
    ['{"event":"orders","data":[]}', 'firm'],
    ['{"event":"please","data":{"come":"in"}}', 'tentative'],
    ['{"event":"orders","data":null}', 'tentative'],
  ])('SC-04 is none where %s comes, and that is %s', async (answer, confidence) => {
    const serve: Script['serve'] = (client, _, request) => client.send(isA(request) ? ORDERS : answer);
    const verdict = await verdictOf('unauthenticated', { serve }, { credentials, messages: ['{"event":"orders"}'] });
    expect(verdict).toMatchObject({ outcome: 'finding', confidence });
  });

  it.each<readonly [what: string, silentTo: 'nobody' | 'all']>([
    ['nobody', 'nobody'],
    ['anybody', 'all'],
  ])(
    'SC-04 is not known where a message is closed to nobody, and another one answers %s nothing',
    async (_, silentTo) => {
      let done = 0;
      const serve: Script['serve'] = (client, message, request) => {
        if (eventOf(message) === 'profile') return isA(request) ? client.send(ORDERS) : client.close(4401);
        if (eventOf(message) !== 'wipe') return client.send('{"event":"error"}');
        if (!isA(request)) done++;
        if (isA(request) && silentTo === 'nobody') client.send('{"event":"wiped"}');
      };
      const messages = ['{"event":"profile","data":{}}', '{"event":"wipe","data":{"id":1}}'];
      const verdict = await verdictOf('unauthenticated', { serve }, { credentials, messages });
      expect(done).toBeGreaterThan(0);
      expect(verdict).toMatchObject({ outcome: 'not-tested', says: expect.stringContaining('wipe') as string });
    },
  );

  it('SC-04 is one where each message is refused or ends the connection', async () => {
    const serve: Script['serve'] = (client, message, request) => {
      if (isA(request)) return client.send(ORDERS);
      if (eventOf(message) === 'profile') client.close(4401);
      else client.send('{"event":"error"}');
    };
    const messages = ['{"event":"profile"}', '{"event":"wipe"}'];
    expect(await verdictOf('unauthenticated', { serve }, { credentials, messages })).toMatchObject({
      outcome: 'passed',
    });
  });
});

describe('AZ-04 the second account', { timeout: 60_000 }, () => {
  const query = '{"id":"1","type":"subscribe","payload":{"query":"{ customer(id: 1) { email card } }"}}';

  it.each<readonly [what: string, payload: object, outcome: string]>([
    [
      'the data, and an error for one field of it',
      { data: { customer: { email: 'ann@a.example', card: null } }, errors: [{ message: 'forbidden' }] },
      'finding',
    ],
    ['the data, and no errors in a list', { data: { customer: { email: 'ann@a.example' } }, errors: [] }, 'finding'],
    ['nothing in an object', { data: { customer: null }, errors: [{ message: 'forbidden' }] }, 'passed'],
    ['no data', { data: null, errors: [{ message: 'forbidden' }] }, 'passed'],
  ])('SC-04 of GraphQL gets %s', async (_, payload, outcome) => {
    const { outcomes } = await scan({
      target: await startScripted(
        () => 'accept',
        (client, message, request) => {
          if (message.includes('connection_init')) return client.send('{"type":"connection_ack"}');
          const { id } = JSON.parse(message) as { readonly id: string };
          const good = { data: { customer: { email: 'ann@a.example', card: '1234' } } };
          client.send(JSON.stringify({ id, type: 'next', payload: isA(request) ? good : payload }));
        },
      ),
      ...{ checks: ['other-identity'], messages: [query], credentials, other: { token: tokenB } },
      ...{
        subprotocols: ['graphql-transport-ws'],
        limits: { connectionsPerSecond: 1000 },
        settleMs: 20,
        answerMs: 300,
      },
    });
    expect(outcomes.find(({ check }) => check === 'other-identity')).toMatchObject({ outcome });
  });

  it('SC-04 was refused nothing by silence to one of two messages', async () => {
    const serve: Script['serve'] = (client, message, request) => {
      if (isA(request)) client.send(ORDERS);
      else if (eventOf(message) === 'read') client.send('{"event":"error"}');
    };
    const messages = ['{"event":"read"}', '{"event":"wipe"}'];
    const verdict = await verdictOf('other-identity', { serve }, { credentials, messages, other: { token: tokenB } });
    expect(verdict).toMatchObject({ outcome: 'not-tested', says: expect.stringContaining('wipe') as string });
  });
});

describe('AZ-01 what the policy lock keeps out', { timeout: 60_000 }, () => {
  it.each<readonly [what: string, answer: string | undefined, outcome: string]>([
    ['refused', '{"event":"error"}', 'passed'],
    ['silent', undefined, 'not-tested'],
  ])('SC-04 was %s to one of two messages', async (_, answer, outcome) => {
    const folder = await mkdtemp(join(tmpdir(), 'lock-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const lock = join(folder, 'secure-ws.lock.json');
    const events = ['read', 'wipe'].map((event) => ({ event, access: { all: [] } }));
    await writeFile(lock, JSON.stringify({ endpoints: [{ path: '/', events }] }));
    const serve: Script['serve'] = (client, message, request) => {
      if (isA(request)) return client.send(ORDERS);
      if (eventOf(message) === 'read') return client.send('{"event":"error"}');
      if (answer !== undefined) client.send(answer);
    };
    const messages = ['{"event":"read"}', '{"event":"wipe"}'];
    expect(await verdictOf('declared-access', { serve }, { credentials, messages, lock })).toMatchObject({ outcome });
  });
});
