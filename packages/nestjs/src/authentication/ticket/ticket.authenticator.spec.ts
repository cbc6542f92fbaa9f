import { createSecretKey, randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { beforeEach, describe, expect, it } from 'vitest';
import { createPrincipal } from '../../core/principal.js';
import { MemoryStore } from '../../store/memory.store.js';
import { FakeClock } from '../../testing/fake-clock.js';
import { TicketAuthenticator } from './ticket.authenticator.js';
import { isTicket, type TicketContent, TicketVault } from './ticket-vault.js';

/** Shows what a store is given. */
class OpenStore extends MemoryStore {
  readonly kept = new Map<string, string>();

  override put(key: string, value: string, ttlMs: number) {
    this.kept.set(key, value);
    return super.put(key, value, ttlMs);
  }
}

const ORIGIN = 'https://app.example';
const { key: _, ...principal } = createPrincipal({ kind: 'jwt', issuer: 'test', id: 'alice', authenticatedAt: 0 });
const content: TicketContent = { audience: 'module', origin: ORIGIN, principal };
const newKey = () => createSecretKey(randomBytes(32));
const keys = [newKey(), newKey()];

let clock: FakeClock;
let store: OpenStore;
let vault: TicketVault;

beforeEach(() => {
  clock = new FakeClock();
  store = new OpenStore(clock, { maxKeys: 100 });
  vault = new TicketVault(store, keys);
});

describe('TicketVault', () => {
  it('AN-05 makes tickets of 256 bits that differ', async () => {
    const tickets = await Promise.all([vault.put(content, 1000), vault.put(content, 1000)]);
    expect(tickets.map(isTicket)).toEqual([true, true]);
    expect(tickets[0]).not.toBe(tickets[1]);
    expect(Buffer.from(tickets[0], 'base64url')).toHaveLength(32);
  });

  it('AN-05 gives what a ticket stands for, once', async () => {
    const ticket = await vault.put(content, 1000);
    expect(await vault.take(ticket)).toEqual(content);
    expect(await vault.take(ticket)).toBeUndefined();
  });

  it('AN-05 forgets a ticket that was not used in time, and knows none that never was', async () => {
    const ticket = await vault.put(content, 1000);
    clock.advance(1000);
    expect(await vault.take(ticket)).toBeUndefined();
    expect(await vault.take(randomBytes(32).toString('base64url'))).toBeUndefined();
  });

  it('AN-05 tells the store neither the ticket nor whose it is', async () => {
    const ticket = await vault.put(content, 1000);
    const [[key, sealed] = ['', '']] = store.kept;
    expect(key).toMatch(/^ticket:[\w-]{43}$/);
    expect(key).not.toContain(ticket);
    expect(Buffer.from(sealed, 'base64').toString('latin1')).not.toContain('alice');
    expect(Buffer.from(sealed, 'base64')).toHaveLength(28 + Buffer.byteLength(JSON.stringify(content)));
  });

  it('AN-05 opens what an older secret sealed, and nothing that a stranger wrote', async () => {
    const old = await new TicketVault(store, [keys[1] as never]).put(content, 1000);
    expect(await vault.take(old)).toEqual(content);
    const foreign = await new TicketVault(store, [newKey()]).put(content, 1000);
    expect(await vault.take(foreign)).toBeUndefined();
    const unsealed = await new TicketVault(store, [keys[0] as never]).put(content, 1000);
    expect(await new TicketVault(store, []).take(unsealed)).toBeUndefined();
  });

  it.each<[string, (sealed: Buffer, other: string) => string]>([
    ['the content of another ticket', (_sealed, other) => other],
    ['a flipped bit of the nonce', (sealed) => flip(sealed, 0)],
    ['a flipped bit of the tag', (sealed) => flip(sealed, 12)],
    ['a flipped bit of the content', (sealed) => flip(sealed, 28)],
    ['a content cut short', (sealed) => sealed.subarray(0, -1).toString('base64')],
    ['a nonce and no tag', (sealed) => sealed.subarray(0, 27).toString('base64')],
    ['a tag of nothing', (sealed) => sealed.subarray(0, 28).toString('base64')],
    ['nothing', () => ''],
    ['a text', () => 'hello'],
  ])('AN-05 takes nothing of a store that answers %s', async (_, change) => {
    const [ticket, other] = [await vault.put(content, 1000), await vault.put(content, 1000)];
    const [[key, sealed] = ['', ''], [otherKey, otherSealed] = ['', '']] = store.kept;
    expect(key).not.toBe(otherKey);
    store.take(key);
    store.put(key, change(Buffer.from(sealed, 'base64'), otherSealed), 1000);
    expect(await vault.take(ticket)).toBeUndefined();
    expect(await vault.take(other)).toEqual(content);
  });

  it('AN-05 puts into a ticket what a store keeps, and no more', async () => {
    const sized = (bytes: number): TicketContent => {
      const bare = { ...content, address: '' };
      return { ...bare, address: 'x'.repeat(bytes - 28 - JSON.stringify(bare).length) };
    };
    // 16 KiB of base64 are 12 KiB.
    expect(isTicket(await vault.put(sized(12 * 1024), 1000))).toBe(true);
    expect(() => vault.put(sized(12 * 1024 + 1), 1000)).toThrow('A ticket holds 12 KB at most');
  });

  it('AN-05 AN-11 makes no ticket that the store had before', async () => {
    const full = Object.assign(new OpenStore(clock, { maxKeys: 1 }), { put: () => Promise.resolve(false) });
    await expect(new TicketVault(full, keys).put(content, 1000)).rejects.toThrow('Two tickets of 256 random bits');
  });
});

it.each<[string, boolean]>([
  ['A'.repeat(43), true],
  ['_-0aZ'.padEnd(43, 'x'), true],
  ['A'.repeat(42), false],
  ['A'.repeat(44), false],
  [`${'A'.repeat(42)}+`, false],
  [`${'A'.repeat(42)}=`, false],
  [`${'A'.repeat(43)}\n`, false],
  ['', false],
])('AN-05 tells the shape of a ticket: %j', (text, isOne) => {
  expect(isTicket(text)).toBe(isOne);
});

describe('TicketAuthenticator', () => {
  const request = {} as IncomingMessage;
  const facts = { origin: ORIGIN, clientAddress: '192.0.2.1' };

  async function outcome(
    made: Partial<TicketContent> = {},
    use: Partial<Omit<typeof facts, 'origin'>> & { readonly origin?: string | undefined } = {},
    audience = 'module',
  ): Promise<unknown> {
    const value = await vault.put({ ...content, ...made }, 1000);
    const authenticator = new TicketAuthenticator(vault, audience);
    const answer = async () =>
      authenticator.authenticate({ scheme: 'ticket', value, source: 'subprotocol' }, request, {
        ...facts,
        ...use,
      });
    const first: unknown = await answer().catch(({ failure }: { readonly failure: unknown }) => failure);
    await expect(answer()).rejects.toMatchObject({ failure: 'spent' });
    return first;
  }

  it.each<[string, Parameters<typeof outcome>, unknown]>([
    ['from where it was made for', [], principal],
    ['for another gateway', [{}, {}, 'gateway'], 'bad-audience'],
    ['from another origin', [{}, { origin: 'https://evil.example' }], 'bad-origin'],
    ['from no origin', [{}, { origin: undefined }], 'bad-origin'],
    ['without an origin from nowhere', [{ origin: undefined as never }, { origin: undefined }], principal],
    ['without an origin from a page', [{ origin: undefined as never }], 'bad-origin'],
    ['from its address', [{ address: 'address:192.0.2.1' }], principal],
    [
      'from its address as IPv6 writes it',
      [{ address: 'address:192.0.2.1' }, { clientAddress: '::ffff:192.0.2.1' }],
      principal,
    ],
    ['from another address', [{ address: 'address:192.0.2.2' }], 'bad-address'],
  ])('AN-05 takes a ticket %s, and burns it', async (_, use, found) => {
    expect(await outcome(...use)).toEqual(found);
  });

  it('AN-05 leaves a ticket alone where nobody knows the handshake, and what is none', async () => {
    const value = await vault.put(content, 1000);
    const authenticator = new TicketAuthenticator(vault, 'module');
    const ticket = { scheme: 'ticket', value, source: 'subprotocol' } as const;
    expect(() => authenticator.authenticate(ticket, request)).toThrow('unsupported-scheme');
    expect(() => authenticator.authenticate({ ...ticket, value: 'x' }, request, facts)).toThrow('malformed');
    expect(await authenticator.authenticate(ticket, request, facts)).toEqual(principal);
    expect(authenticator.accepts(ticket)).toBe(true);
    expect(authenticator.accepts({ ...ticket, scheme: 'bearer' })).toBe(false);
  });
});

function flip(bytes: Buffer, place: number): string {
  const copy = Buffer.from(bytes);
  copy[place] = (copy[place] ?? 0) ^ 1;
  return copy.toString('base64');
}
