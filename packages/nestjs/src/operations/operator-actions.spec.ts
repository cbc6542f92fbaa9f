import { beforeEach, describe, expect, it } from 'vitest';
import { createPrincipal, type Principal } from '../core/principal.js';
import type { WsConnection } from '../core/ws-connection.js';
import { SecureWsStoreError } from '../store/secure-ws.store.js';
import { FakeClock } from '../testing/fake-clock.js';
import { OperatorActions, type OperatorActionsParts } from './operator-actions.js';

const person = (id: string, kind = 'jwt') => createPrincipal({ kind, issuer: 'shop', id });

interface Connected {
  readonly id: string;
  readonly principal: Principal;
  readonly address: string;
  readonly path: string;
  isOpen: boolean;
}

const connected = (id: string, principal: Principal): Connected & WsConnection =>
  ({ id, principal, address: '192.0.2.1', path: '/echo', isOpen: true }) as Connected & WsConnection;

const saying = (reason: string): unknown => expect.objectContaining({ reason });

describe('OperatorActions', () => {
  const clock = new FakeClock();
  let ended: number;
  let inStore: () => Promise<number>;
  let victim: ReturnType<typeof connected>;
  let others: ReturnType<typeof connected>[];
  let outcomes: string[];
  let told: object[];
  let actions: OperatorActions;
  const operator = connected('own', person('root'));

  beforeEach(() => {
    ended = 1;
    inStore = () => Promise.resolve(1);
    victim = connected('c1', person('victim'));
    outcomes = [];
    told = [];
    others = [];
    // As the service: a principal is found by its key.
    const find = ({ principal }: { readonly principal?: string } = {}) =>
      [victim, ...others].filter((each) => principal === undefined || each.principal.key === principal);
    const lifecycle = { count: 2, find, disconnect: () => ended, drain: () => Promise.resolve() };
    const revocations = { ban: () => inStore(), unban: () => inStore(), revokePrincipal: () => inStore() };
    const shown = (text: string): string => text;
    actions = new OperatorActions({
      ...({ lifecycle, revocations } as unknown as Pick<OperatorActionsParts, 'lifecycle' | 'revocations'>),
      clock,
      display: { who: ({ key }) => key, address: shown, text: shown },
      emit: ({ action, outcome, connections }) => {
        outcomes.push(`${action} ${outcome}`);
        told.push({ outcome, connections });
      },
    });
  });

  const prepare = (asked: object) =>
    actions.prepare({ action: 'disconnect', connectionId: 'c1', reason: 'because', ...asked } as never, operator);
  const act = (asked: object) => actions.confirm(prepare(asked).confirmation, operator);

  it('MO-02 leaves nothing to be confirmed where the next intention is refused', async () => {
    const { confirmation } = prepare({ action: 'drain' });
    expect(() => prepare({ action: 'ban' })).toThrow(saying('INCOMPLETE'));
    await expect(actions.confirm(confirmation, operator)).rejects.toThrow(saying('NOT_PREPARED'));
    expect(outcomes).toEqual([]);
  });

  it('MO-02 bans and revokes nobody who has an identity for one connection only, and can close it', async () => {
    victim = connected('c1', person('guest', 'anonymous'));
    expect(() => prepare({ action: 'ban', minutes: 5 })).toThrow(saying('ANONYMOUS'));
    expect(() => prepare({ action: 'revoke' })).toThrow(saying('ANONYMOUS'));
    expect(await act({})).toEqual({ outcome: 'done', connections: 1 });
  });

  it('MO-02 says that a connection is gone: one that closes already, and one that closes before the second look', async () => {
    victim.isOpen = false;
    expect(() => prepare({})).toThrow(saying('GONE'));
    victim.isOpen = true;
    ended = 0;
    expect(await act({})).toEqual({ outcome: 'gone', connections: 0 });
    expect(outcomes).toEqual(['disconnect gone']);
  });

  it('MO-02 lists a ban that the store has not taken, so that it can be ended, until it is', async () => {
    inStore = () => Promise.reject(new SecureWsStoreError('unavailable'));
    expect(await act({ action: 'ban', minutes: 5 })).toEqual({ outcome: 'store-away', connections: 0 });
    expect(actions.bans.list()).toHaveLength(1);
    expect(await act({ action: 'unban', banNumber: 1 })).toEqual({ outcome: 'store-away', connections: 0 });
    expect(actions.bans.list()).toHaveLength(1);
    inStore = () => Promise.resolve(0);
    expect(await act({ action: 'unban', banNumber: 1 })).toEqual({ outcome: 'done', connections: 0 });
    expect(actions.bans.list()).toEqual([]);
    expect(outcomes).toEqual(['ban store-away', 'unban store-away', 'unban done']);
  });

  it.each([
    ['the store is away', new SecureWsStoreError('unavailable'), 'store-away'],
    ['something fails', new TypeError('no such thing'), 'failed'],
  ])('MO-02 tells what was closed here before it turned out that %s', async (_, error, outcome) => {
    inStore = () => {
      victim.isOpen = false;
      return Promise.reject(error);
    };
    const done = act({ action: 'revoke' });
    if (outcome === 'failed') await expect(done).rejects.toThrow(error);
    else expect(await done).toEqual({ outcome, connections: 1 });
    expect(told).toEqual([{ outcome, connections: 1 }]);
  });

  it('MO-02 counts what was closed here of the same person who logged in by another way', async () => {
    const byTicket = connected('c2', {
      ...person('victim', 'ticket'),
      block: 'authentication.tickets',
      key: 'by-ticket',
    });
    others = [byTicket, connected('c3', person('somebody-else'))];
    inStore = () => {
      victim.isOpen = byTicket.isOpen = false;
      return Promise.reject(new SecureWsStoreError('unavailable'));
    };
    expect(await act({ action: 'revoke' })).toEqual({ outcome: 'store-away', connections: 2 });
  });

  it('MO-02 does not unban by a ban that is over', () => {
    actions.bans.add(person('victim'), new Date(clock.now() + 1000), 'a flood');
    clock.advance(1000);
    expect(() => prepare({ action: 'unban', banNumber: 1 })).toThrow(saying('GONE'));
  });
});
