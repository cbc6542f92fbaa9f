import { generateKeyPairSync } from 'node:crypto';
import { WsRevocationService } from '@secure-ws/nestjs';
import { describe, expect, it } from 'vitest';
import { EchoGateway } from '../support/echo.gateway.js';
import { nonCanonical, signEs, withSignature } from '../support/forge-jwt.js';
import { handshake } from '../support/handshake.js';
import { startApp } from '../support/start-app.js';

const ISSUER = 'https://id.example.com';

/** The order of the curve P-256 (FIPS 186-4, D.1.2.3). */
const ORDER = 0xffffffff_00000000_ffffffff_ffffffff_bce6faad_a7179e84_f3b9cac2_fc632551n;

const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

/** The other signature of the same message: (r, n - s) verifies wherever (r, s) does. */
function mirrored(signature: Buffer): Buffer {
  const s = BigInt(`0x${signature.subarray(32).toString('hex')}`);
  const other = (ORDER - s).toString(16).padStart(64, '0');
  return Buffer.concat([signature.subarray(0, 32), Buffer.from(other, 'hex')]);
}

function tokenOf(header: object, jti: string): string {
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: ISSUER, aud: 'chat', sub: 'alice', sid: 's1', jti, iat: now, exp: now + 600 };
  return signEs({ alg: 'ES256', typ: 'JWT', kid: 'k1', ...header }, claims, privateKey);
}

describe('a token that is spelt otherwise', () => {
  it.each<readonly [what: string, spell: (token: string) => string, isTaken: boolean]>([
    ['as it was', (token) => token, true],
    ['with the other signature of the curve', (token) => withSignature(token, mirrored), true],
    ['with loose last bits', (token) => nonCanonical(token), false],
    ['with padding', (token) => `${token}==`, false],
    ['with another head', () => tokenOf({ x: 1 }, 't1'), true],
  ])('J22 %s is as revoked as before', async (_, spell, isTaken) => {
    const app = await startApp({
      providers: [EchoGateway],
      options: {
        authentication: {
          jwt: {
            issuer: ISSUER,
            audience: 'chat',
            keys: [{ kid: 'k1', algorithm: 'ES256', publicKey: publicKey.export({ type: 'spki', format: 'pem' }) }],
          },
        },
      },
    });
    const token = spell(tokenOf({}, 't1'));
    // By the header field only: a subprotocol cannot have the padding.
    const open = (): ReturnType<typeof handshake> =>
      handshake(`${app.url}/echo`, { headers: { Authorization: `Bearer ${token}` } });
    expect(await open()).toEqual(isTaken ? 'open' : expect.objectContaining({ status: 401 }));
    const revocations = app.app.get(WsRevocationService);
    await revocations.revokeToken({ issuer: ISSUER, tokenId: 't1' });
    expect(await open()).toMatchObject({ status: 401 });
    expect(await handshake(`${app.url}/echo`, { token: tokenOf({}, 't2') })).toBe('open');
    await revocations.logOut({ issuer: ISSUER, sessionId: 's1' });
    expect(await handshake(`${app.url}/echo`, { token: withSignature(tokenOf({}, 't3'), mirrored) })).toMatchObject({
      status: 401,
    });
  });
});
