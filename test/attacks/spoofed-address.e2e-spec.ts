import { describe, expect, it } from 'vitest';
import { MemoryStore } from '../../packages/nestjs/src/store/memory.store.js';
import { SecureWsStore } from '@secure-ws/nestjs/store';
import { EchoGateway } from '../support/echo.gateway.js';
import { FakeClock } from '../support/fake-clock.js';
import {
  answerTo,
  expectWholeRefusal,
  type Fields,
  goodFields,
  refusalOf,
  withField,
} from '../support/raw-handshake.js';
import { RawTcp, requestHead } from '../support/raw-tcp.js';
import { type RunningApp, startApp } from '../support/start-app.js';

type Header = 'x-forwarded-for' | 'forwarded' | 'x-real-ip';

const LIMIT = 5;
const limits = {
  ratePerAddress: { limit: LIMIT, ttl: 60_000 },
  ratePerPrincipal: { limit: 10_000, ttl: 60_000 },
  maxOpenPerPrincipal: 10_000,
};

/** A server that is reached through a proxy at this machine's address, which writes one family of fields. */
const startBehindProxy = (header: Header, addresses = ['127.0.0.1', '10.0.0.0/8']): Promise<RunningApp> =>
  startApp({
    providers: [EchoGateway],
    options: {
      handshake: { origins: [], trustedProxies: { addresses, header }, hosts: ['localhost', '127.0.0.1'], limits },
    },
  });

const status = async (app: RunningApp, ...fields: Fields): Promise<number> =>
  (await answerTo(app, { fields: [...goodFields(app), ...fields] })).status;

/** The field of a family that says who the client is, and that it speaks TLS. */
const claim = (header: Header, address: string): Fields => {
  if (header === 'forwarded')
    return [['Forwarded', `for=${address.includes(':') ? `"[${address}]"` : address};proto=https`]];
  const name = header === 'x-real-ip' ? 'X-Real-IP' : 'X-Forwarded-For';
  return [[name, address], ['X-Forwarded-Proto', 'https']]; // prettier-ignore
};

const FAMILIES: readonly Header[] = ['x-forwarded-for', 'forwarded', 'x-real-ip'];

describe('a client that makes up addresses', () => {
  it.each([
    ['X-Forwarded-For', (address: string) => address],
    ['X-Real-IP', (address: string) => address],
    ['Forwarded', (address: string) => `for=${address}`],
    ['X-Client-IP', (address: string) => address],
    ['CF-Connecting-IP', (address: string) => address],
    ['True-Client-IP', (address: string) => address],
  ])('HS-14 counts as one where no proxy is trusted: %s', async (name, write) => {
    const options = {
      handshake: { origins: [], trustedProxies: 'none' as const, limits, dangerouslyAllowPlaintext: true },
    };
    const app = await startApp({ providers: [EchoGateway], options });
    for (let i = 1; i <= LIMIT; i++) expect(await status(app, [name, write(`203.0.113.${i}`)])).toBe(101);
    const fields = [...goodFields(app), [name, write('203.0.113.99')] as const];
    expectWholeRefusal(await refusalOf(app, { fields }), 429);
    expect(app.events.ofType('ws.handshake.refused')).toMatchObject([{ reason: 'address-rate', address: '127.0.0.1' }]);
  });

  it.each(FAMILIES)('HS-14 is told apart from others by a trusted proxy: %s', async (header) => {
    const app = await startBehindProxy(header);
    for (let i = 1; i <= 3 * LIMIT; i++) expect(await status(app, ...claim(header, `203.0.113.${i}`))).toBe(101);
    for (let i = 1; i < LIMIT; i++) expect(await status(app, ...claim(header, '203.0.113.1'))).toBe(101);
    expect(await status(app, ...claim(header, '203.0.113.1'))).toBe(429);
    expect(app.events.ofType('ws.handshake.refused')).toMatchObject([
      { reason: 'address-rate', address: '203.0.113.1' },
    ]);
  });

  it.each<readonly [header: Header, written: (made: string) => Fields]>([
    [
      'x-forwarded-for',
      (made) => [
        ['X-Forwarded-For', `${made}, 203.0.113.7`],
        ['X-Forwarded-Proto', 'https'],
      ],
    ],
    [
      'x-forwarded-for',
      (made) => [
        ['X-Forwarded-For', `${made}, 203.0.113.7, 10.1.2.3`],
        ['X-Forwarded-Proto', 'https'],
      ],
    ],
    [
      'x-forwarded-for',
      (made) => [
        ['X-Forwarded-For', made],
        ['X-Forwarded-For', '203.0.113.7'],
        ['X-Forwarded-Proto', 'https'],
      ],
    ],
    [
      'x-forwarded-for',
      (made) => [
        ['X-Forwarded-For', `10.0.0.1, ${made}, 203.0.113.7:${made.slice(-1)}000`],
        ['X-Forwarded-Proto', 'https'],
      ],
    ],
    ['forwarded', (made) => [['Forwarded', `for=${made};proto=https, for=203.0.113.7;proto=https`]]],
    ['forwarded', (made) => [['Forwarded', `for=${made}`], ['Forwarded', 'for=203.0.113.7;proto=https, for=10.0.0.9;proto=https']]],
    // prettier-ignore
  ])(
    'HS-14 counts by the right-most hop that is no proxy, whatever stands to the left: %s',
    async (header, written) => {
      const app = await startBehindProxy(header);
      for (let i = 1; i <= LIMIT; i++) expect(await status(app, ...written(`198.51.100.${i}`))).toBe(101);
      expect(await status(app, ...written('198.51.100.9'))).toBe(429);
      expect(app.events.ofType('ws.handshake.refused')).toMatchObject([{ address: '203.0.113.7' }]);
    },
  );

  it.each<readonly [believed: Header, other: Header]>([
    ['x-forwarded-for', 'forwarded'],
    ['x-forwarded-for', 'x-real-ip'],
    ['forwarded', 'x-forwarded-for'],
    ['forwarded', 'x-real-ip'],
    ['x-real-ip', 'x-forwarded-for'],
    ['x-real-ip', 'forwarded'],
  ])('HS-14 cannot get round %s, which the proxy writes, with %s, which it passes on', async (believed, other) => {
    const app = await startBehindProxy(believed);
    const spoofed = (address: string): Fields => [
      ...claim(other, address).filter(([name]) => name !== 'X-Forwarded-Proto'),
      ...claim(believed, '203.0.113.7'),
    ];
    for (let i = 1; i <= LIMIT; i++) expect(await status(app, ...spoofed(`198.51.100.${i}`))).toBe(101);
    expect(await status(app, ...spoofed('198.51.100.9'))).toBe(429);
  });

  it('HS-14 is not believed by a server whose proxies have other addresses', async () => {
    const app = await startBehindProxy('x-forwarded-for', ['10.0.0.0/8']);
    const fields = [...goodFields(app), ...claim('x-forwarded-for', '203.0.113.1')];
    // Over plaintext it has only its own word for the TLS.
    expectWholeRefusal(await refusalOf(app, { fields }), 403);
    expect(app.events.ofType('ws.handshake.refused')).toMatchObject([{ reason: 'plaintext', address: '127.0.0.1' }]);
    expect(app.events.ofType('ws.handshake.forwarding-ignored')).toMatchObject([
      { header: 'x-forwarded-for', option: 'handshake.trustedProxies' },
    ]);
    expect(JSON.stringify(app.events.events)).not.toContain('203.0.113.1');
  });

  it.each([
    'unknown',
    '_hidden',
    'localhost',
    '1.2.3',
    '999.1.1.1',
    '',
    ',',
    '203.0.113.7,',
    'fe80::1%eth0',
    '0x7f000001',
  ])('HS-14 HS-23 is refused where a trusted proxy passes on %j: nobody knows whom to count', async (address) => {
    const app = await startBehindProxy('x-forwarded-for');
    const fields = [...goodFields(app), ...claim('x-forwarded-for', address)];
    expectWholeRefusal(await refusalOf(app, { fields }), 400);
  });

  it('DR-16 counts as one in all the addresses of its IPv6 network, however they are written', async () => {
    const app = await startBehindProxy('x-forwarded-for');
    const written = ['2001:db8:1:2::1', '2001:DB8:1:2:ffff::9', '2001:0db8:0001:0002:0:0:0:7', '[2001:db8:1:2::5]:443', '2001:db8:1:2::']; // prettier-ignore
    for (const address of written) expect(await status(app, ...claim('x-forwarded-for', address))).toBe(101);
    expect(await status(app, ...claim('x-forwarded-for', '2001:db8:1:2:3:4:5:6'))).toBe(429);
    expect(await status(app, ...claim('x-forwarded-for', '2001:db8:1:3::1'))).toBe(101);
  });

  it('DR-16 is the same client as an IPv4 address and as that address within IPv6', async () => {
    const app = await startBehindProxy('x-forwarded-for');
    const written = [
      '203.0.113.7',
      '::ffff:203.0.113.7',
      '::FFFF:cb00:7107',
      '0:0:0:0:0:ffff:203.0.113.7',
      '203.0.113.7:9',
    ];
    for (const address of written) expect(await status(app, ...claim('x-forwarded-for', address))).toBe(101);
    expect(await status(app, ...claim('x-forwarded-for', '203.0.113.7'))).toBe(429);
  });

  it('DR-16 cannot make the memory of the limits grow: 1,500 addresses, room for 1,000', async () => {
    const app = await startApp({
      providers: [EchoGateway],
      // However slow the machine is: nothing is forgiven, and no handshake is late.
      clock: new FakeClock(Date.now()),
      options: {
        store: { maxKeys: 1000 },
        handshake: { origins: [], trustedProxies: { addresses: ['127.0.0.1'], header: 'x-forwarded-for' }, limits },
      },
    });
    const store = app.app.get(SecureWsStore);
    if (!(store instanceof MemoryStore)) throw new Error('The default store is in memory.');
    const target = '/echo';
    const fields = withField(goodFields(app), 'Authorization', 'Bearer aaaa.bbbb.cccc');
    for (let network = 0; network < 15; network += 1) {
      const clients = await Promise.all(
        Array.from({ length: 100 }, async (_, host) => {
          const client = await RawTcp.open(app);
          client.write(
            requestHead({ target, fields: [...fields, ...claim('x-forwarded-for', `203.${network}.0.${host}`)] }),
          );
          return client.readResponse();
        }),
      );
      for (const response of clients) expect([401, 429]).toContain(response.status);
    }
    const { refusedBy, attempts } = app.events.ofType('ws.handshake.refused').reduce(
      (sum, { reason }) => ({
        attempts: sum.attempts + 1,
        refusedBy: sum.refusedBy.add(reason),
      }),
      { attempts: 0, refusedBy: new Set<string>() },
    );
    expect(attempts).toBe(1500);
    expect([...refusedBy]).toContain('unauthenticated');
    // One table for the rates and one for the scores of failures.
    expect(store.size).toBeLessThanOrEqual(2000);
    expect(await status(app, ...claim('x-forwarded-for', '192.0.2.1'))).toBe(101);
  });
});
