import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { AuthenticatorBlock } from '../authentication/authenticator-block.js';
import { AuthenticationError } from '../authentication/authenticator.js';
import type { Principal } from '../core/principal.js';
import { FakeClock } from '../testing/fake-clock.js';
import { ALICE, StubAuthenticator } from '../../../../test/support/stub-handshake.js';
import { WsSocketIdentities } from './ws-socket-identities.js';

const request = new IncomingMessage(new Socket());

function setUp(verify?: (token: string) => Promise<Principal>) {
  const stub = new StubAuthenticator(verify === undefined ? undefined : ({ value }) => verify(value));
  const blocks = [new AuthenticatorBlock(stub, 'authentication.jwt', new FakeClock())];
  return new WsSocketIdentities(() => blocks, { check: () => undefined });
}

const refusing = (token: string): Promise<Principal> =>
  token === 'good' ? Promise.resolve(ALICE) : Promise.reject(new AuthenticationError('expired'));

describe('WsSocketIdentities', () => {
  it('AN-14 F43 forgets the identity of a socket whose second token is refused', async () => {
    const identities = setUp(refusing);
    const client = {};
    await identities.authenticate(client, 'good', request);
    expect(identities.principalOf(client)).toMatchObject({ id: 'alice', block: 'authentication.jwt' });
    await expect(identities.authenticate(client, 'bad', request)).rejects.toThrow('expired');
    expect(identities.principalOf(client)).toBeUndefined();
  });

  it('AN-14 AZ-15 F43 does not bring an identity back that a later token has ended', async () => {
    let answer: (principal: Principal) => void = () => undefined;
    const slow = new Promise<Principal>((resolve) => (answer = resolve));
    const identities = setUp((token) => (token === 'slow' ? slow : refusing(token)));
    const client = {};
    const first = identities.authenticate(client, 'slow', request);
    await expect(identities.authenticate(client, 'bad', request)).rejects.toThrow('expired');
    answer(ALICE);
    await first;
    expect(identities.principalOf(client)).toBeUndefined();
  });

  it('SL-11 N3 knows who a socket was while it waits for an answer, and not after a refusal', async () => {
    const never = new Promise<Principal>(() => undefined);
    const identities = setUp((token) => (token === 'slow' ? never : refusing(token)));
    const client = {};
    await identities.authenticate(client, 'good', request);
    expect(identities.previousOf(client)).toBeUndefined();
    // One call after the other, before any of them is answered.
    void identities.authenticate(client, 'slow', request);
    void identities.authenticate(client, 'slow', request);
    expect(identities.previousOf(client)).toMatchObject({ id: 'alice' });
    await expect(identities.authenticate(client, 'bad', request)).rejects.toThrow('expired');
    void identities.authenticate(client, 'slow', request);
    expect(identities.previousOf(client)).toBeUndefined();
  });

  it('SL-04 N3 does not know who a socket was that is ended while it waits', async () => {
    const never = new Promise<Principal>(() => undefined);
    const identities = setUp((token) => (token === 'slow' ? never : refusing(token)));
    const client = {};
    await identities.authenticate(client, 'good', request);
    void identities.authenticate(client, 'slow', request);
    identities.forget(client);
    expect(identities.previousOf(client)).toBeUndefined();
  });

  it('F05 remembers no answer that is no principal', async () => {
    const identities = setUp(() => Promise.resolve({ ...ALICE, expiresAt: new Date() } as never));
    const client = {};
    await expect(identities.authenticate(client, 'good', request)).rejects.toThrow('whose expiresAt');
    expect(identities.principalOf(client)).toBeUndefined();
  });
});
