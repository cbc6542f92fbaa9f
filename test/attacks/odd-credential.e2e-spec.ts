import { JwtService } from '@nestjs/jwt';
import { EncryptJWT, CompactEncrypt } from 'jose';
import { describe, expect, it, vi } from 'vitest';
import { EchoGateway } from '../support/echo.gateway.js';
import {
  attackedJwtOptions,
  goodClaims,
  goodToken,
  inKeySets,
  ISSUERS,
  makeForgeKeys,
  RS_KID,
  unsigned,
} from '../support/forge-jwt.js';
import { handshake, type Refusal } from '../support/handshake.js';
import { answerTo, goodFields, withField } from '../support/raw-handshake.js';
import { sharedApp, startApp } from '../support/start-app.js';

const keys = makeForgeKeys();
const claims = goodClaims({ iss: ISSUERS.rs, sub: 'admin' });

describe.each([
  ['keys in the options', attackedJwtOptions(keys)],
  ['a key set', inKeySets(attackedJwtOptions(keys))],
])('beside %s', (_, jwt) => {
  const app = sharedApp({ providers: [EchoGateway], options: { authentication: { jwt } } });

  it.each<[string, () => Promise<string>]>([
    [
      'J18 a token that is encrypted to the public key of the server',
      () =>
        new EncryptJWT(claims)
          .setProtectedHeader({ alg: 'RSA-OAEP-256', enc: 'A256GCM', kid: RS_KID })
          .encrypt(keys.rsa.publicKey),
    ],
    [
      'J32 an unsigned token in an encrypted one',
      () =>
        new CompactEncrypt(Buffer.from(unsigned({ alg: 'none' }, claims)))
          .setProtectedHeader({ alg: 'RSA-OAEP-256', enc: 'A256GCM', cty: 'JWT', kid: RS_KID })
          .encrypt(keys.rsa.publicKey),
    ],
    [
      'J19 a token that a password encrypts, which takes a million rounds to try',
      () =>
        new CompactEncrypt(Buffer.from(JSON.stringify(claims)))
          .setProtectedHeader({ alg: 'PBES2-HS256+A128KW', enc: 'A128GCM', p2c: 2048 })
          .encrypt(Buffer.from('secret')),
    ],
  ])('AN-06 %s is refused', async (_title, make) => {
    // RFC 7516 section 7.1: five segments, of which nothing is decrypted.
    const token = await make();
    expect(token.split('.')).toHaveLength(5);
    expect(await handshake(`${app().url}/echo`, { token })).toMatchObject({ status: 401 });
  });

  it('J32 AN-06 a token around another one is refused', async () => {
    const inner = unsigned({ alg: 'none' }, claims);
    const token = unsigned({ alg: 'RS256', kid: RS_KID, cty: 'JWT' }, inner, 'AAAA');
    expect(await handshake(`${app().url}/echo`, { token })).toMatchObject({ status: 401 });
  });
});

describe('an Authorization field', () => {
  const app = sharedApp({ providers: [EchoGateway] });
  const statusWith = async (...values: string[]): Promise<number> =>
    (await answerTo(app(), { fields: withField(goodFields(app()), 'Authorization', ...values) })).status;

  it.each(['Bearer', 'bearer', 'BEARER'])('J30 may spell its scheme %s', async (scheme) => {
    expect(await statusWith(`${scheme} ${app().token()}`)).toBe(101);
  });

  it.each<[string, (token: string) => string]>([
    ['two spaces', (token) => `Bearer  ${token}`],
    ['a tab', (token) => `Bearer\t${token}`],
    ['a comma behind', (token) => `Bearer ${token},`],
    ['two joined by a comma', (token) => `Bearer ${token}, Bearer ${token}`],
    ['two tokens', (token) => `Bearer ${token} ${token}`],
    ['quotes', (token) => `Bearer "${token}"`],
    ['another scheme', (token) => `Token ${token}`],
    ['the scheme of DPoP without a proof', (token) => `DPoP ${token}`],
    ['no scheme', (token) => token],
    ['no token', () => 'Bearer'],
  ])('J30 with %s is refused', async (_, spell) => {
    expect(await statusWith(spell(app().token()))).toBe(401);
  });

  it('J30 of Basic is refused', async () => {
    const fields = withField(goodFields(app()), 'Authorization', 'Basic YWxpY2U6c2VjcmV0');
    // Browsers add it, for whatever page: without an Origin nobody knows for which.
    expect((await answerTo(app(), { fields })).status).toBe(403);
    expect((await answerTo(app(), { fields: [...fields, ['Origin', 'http://localhost:4200']] })).status).toBe(401);
  });

  it('J30 twice is refused, and a token in the query is none', async () => {
    expect(await statusWith(`Bearer ${app().token()}`, `Bearer ${app().token()}`)).toBe(400);
    const nothing = withField(goodFields(app()), 'Authorization');
    const target = `/echo?token=${app().token()}&access_token=${app().token()}`;
    expect((await answerTo(app(), { target, fields: nothing })).status).toBe(401);
  });
});

describe('a flood', () => {
  it('J29 of bad tokens is refused before they are verified', async () => {
    const app = await startApp({
      providers: [EchoGateway],
      options: {
        authentication: { jwt: attackedJwtOptions(keys) },
        // The module's own limits: 20 in 10 seconds.
        handshake: { origins: [], limits: {} },
      },
    });
    const verify = vi.spyOn(JwtService.prototype, 'verify');
    try {
      const statuses: number[] = [];
      for (let sent = 0; sent < 1000; sent += 50) {
        const some = Array.from({ length: 50 }, (_, index) => goodToken({ secret: `x${sent}` }, { jti: `${index}` }));
        const answers = await Promise.all(some.map((token) => handshake(`${app.url}/echo`, { token })));
        statuses.push(...answers.map((answer) => (answer as Refusal).status));
      }
      expect(new Set(statuses)).toEqual(new Set([401, 429]));
      expect(verify.mock.calls.length).toBeLessThanOrEqual(60);
    } finally {
      verify.mockRestore();
    }
  });
});
