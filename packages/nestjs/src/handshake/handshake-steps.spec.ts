import { describe, expect, it } from 'vitest';
import { ALICE, ROOMY_LIMITS, setUpHandshake, StubAuthenticator } from '../../../../test/support/stub-handshake.js';
import type { AuthenticationFailure } from '../authentication/authentication-failures.js';
import { AuthenticationError } from '../authentication/authenticator.js';
import { WsChallengeVerifier } from './challenge/ws-challenge-verifier.js';

/** As the stub writes the peer. */
const PEER = '203.0.113.9';
const FIELDS = { certificate: 'x-client-cert', verified: 'x-client-verify' };
const proxies = (address: string, clientCertificate?: typeof FIELDS) => ({
  trustedProxies: {
    addresses: [address],
    header: 'x-forwarded-for',
    ...(clientCertificate === undefined ? {} : { clientCertificate }),
  } as const,
});
const FORWARDED = { 'X-Forwarded-For': '198.51.100.7', 'X-Forwarded-Proto': 'https' };
const CERTIFICATE = { 'X-Client-Cert': 'a certificate' };

const PATIENT = { ...ROOMY_LIMITS, backoff: { freeFailures: 100 } };

class Unsolved extends WsChallengeVerifier {
  override verify(): boolean {
    return false;
  }
}

describe('the step client-address', () => {
  it.each<readonly [what: string, options: object, fields: Record<string, string>, unlisted: readonly string[]]>([
    ['no field of a certificate', proxies('10.0.0.9', FIELDS), {}, []],
    ['one, where no proxy is trusted', {}, CERTIFICATE, []],
    ['one, where proxies pass none on', proxies('10.0.0.9'), CERTIFICATE, []],
    ['one from nobody', proxies('10.0.0.9', FIELDS), CERTIFICATE, [PEER]],
    ['one from a listed proxy', proxies(PEER, FIELDS), { ...FORWARDED, ...CERTIFICATE }, []],
    ['forwarding fields from nobody', proxies('10.0.0.9'), FORWARDED, [PEER]],
    ['both from nobody', proxies('10.0.0.9', FIELDS), { ...FORWARDED, ...CERTIFICATE }, [PEER, PEER]],
  ])('TR-04 HS-14 tells of %s', async (_, options, fields, unlisted) => {
    const handshake = setUpHandshake({ options });
    await expect(handshake.decide({ fields })).resolves.toMatchObject({ admitted: true });
    expect(handshake.unlisted).toEqual(unlisted);
  });

  it('HS-14 HS-23 refuses what a listed proxy has written and nobody can read', async () => {
    const { decide } = setUpHandshake({ options: proxies(PEER) });
    expect(await decide({ fields: { ...FORWARDED, 'X-Forwarded-For': 'unknown' } })).toMatchObject({
      status: 400,
      reason: 'bad-forwarding',
    });
    expect(await decide({ fields: FORWARDED })).toMatchObject({ admitted: true, clientAddress: '198.51.100.7' });
  });
});

describe('the step verification', () => {
  it.each<readonly [failure: AuthenticationFailure, isGuess: boolean]>([
    ['bad-signature', true],
    ['expired', true],
    ['missing-nonce', false],
    ['unavailable', false],
  ])('AN-10 counts %s among the wrong credentials of an attack: %s', async (failure, isGuess) => {
    const attacks: unknown[] = [];
    const { decide } = setUpHandshake({
      options: { challenge: { verifier: Unsolved, failuresPerSecond: 1 }, limits: PATIENT },
      authenticators: [new StubAuthenticator(() => Promise.reject(new AuthenticationError(failure)))],
      parts: { onAttack: (attack) => attacks.push(attack) },
    });
    for (let tries = 0; tries < 11; tries++) await decide();
    expect(attacks).toHaveLength(isGuess ? 1 : 0);
  });

  it('AN-10 counts no right credential among them', async () => {
    const attacks: unknown[] = [];
    const { decide } = setUpHandshake({
      options: { challenge: { verifier: Unsolved, failuresPerSecond: 1 } },
      parts: { onAttack: (attack) => attacks.push(attack) },
    });
    for (let tries = 0; tries < 11; tries++) {
      const decision = await decide();
      if (!decision.admitted) throw new Error(decision.reason);
      decision.release();
    }
    expect(attacks).toEqual([]);
  });
});

describe('the step rights', () => {
  it('SL-05 AN-09 refuses who may not be connected any more as any wrong credential', async () => {
    for (const answer of [undefined, Promise.resolve(undefined)]) {
      const { decide } = setUpHandshake({ parts: { rightsOf: () => answer } });
      expect(await decide()).toMatchObject({ status: 401, reason: 'unauthenticated', failure: 'revoked' });
    }
  });

  it('AZ-02 admits with the rights of now', async () => {
    const now = { ...ALICE, roles: ['admin'] };
    const { decide } = setUpHandshake({ parts: { rightsOf: () => now } });
    expect(await decide()).toMatchObject({ admitted: true, principal: { roles: ['admin'] } });
  });

  it('AN-11 admits nobody whose rights nobody can tell', async () => {
    const cause = new Error('away');
    const refused = { status: 503, reason: 'authenticator-unavailable', failure: 'unavailable', cause };
    const throwing = setUpHandshake({
      parts: {
        rightsOf: () => {
          throw cause;
        },
      },
    });
    expect(await throwing.decide()).toMatchObject(refused);
    const rejecting = setUpHandshake({ parts: { rightsOf: () => Promise.reject(cause) } });
    expect(await rejecting.decide()).toMatchObject(refused);
  });
});
