import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../core/strict-json.js';
import { readLogoutClaims } from './logout-claims.js';

const NOW = Date.UTC(2026, 10, 27, 10);
const SECONDS = NOW / 1000;
const ISSUER = 'https://id.example.com';
const EVENT = 'http://schemas.openid.net/event/backchannel-logout';
const OPTIONS = { clientIds: ['chat-page', 'chat-app'], typ: new Set(['logout+jwt']), maxAgeMs: 120_000 };

/** A good log-out token with some claims changed; `undefined` takes one out. */
function claims(changes: Readonly<Record<string, unknown>> = {}): JsonObject {
  const good = {
    iss: ISSUER,
    aud: 'chat-page',
    iat: SECONDS,
    exp: SECONDS + 120,
    jti: 'j-1',
    events: { [EVENT]: {} },
    sub: 'alice',
    sid: 's-1',
  };
  return Object.fromEntries(
    Object.entries({ ...good, ...changes }).filter(([, value]) => value !== undefined),
  ) as JsonObject;
}

const read = (changes?: Readonly<Record<string, unknown>>) => readLogoutClaims(claims(changes), ISSUER, OPTIONS, NOW);

describe('readLogoutClaims', () => {
  it('SL-04 reads which log-in has ended', () => {
    expect(read()).toEqual({ issuer: ISSUER, sub: 'alice', sid: 's-1', jti: 'j-1', before: NOW });
    expect(read({ sid: undefined })).toMatchObject({ sub: 'alice', sid: undefined });
    expect(read({ sub: undefined })).toMatchObject({ sub: undefined, sid: 's-1' });
  });

  it.each<[string, Readonly<Record<string, unknown>>, string]>([
    ['J13 another client', { aud: 'other-page' }, 'bad-audience'],
    ['J13 no client', { aud: undefined }, 'bad-audience'],
    ['J15 no event', { events: undefined }, 'bad-type'],
    ['J15 events that are a text', { events: EVENT }, 'bad-type'],
    ['J15 another event', { events: { [`${EVENT}s`]: {} } }, 'bad-type'],
    ['J15 an event that is a text', { events: { [EVENT]: 'yes' } }, 'bad-type'],
    ['J15 an event that is a list', { events: { [EVENT]: [] } }, 'bad-type'],
    ['J15 a nonce, as an ID token has', { nonce: 'n' }, 'bad-type'],
    ['J15 a nonce that is null', { nonce: null }, 'bad-type'],
    ['J12 no iat', { iat: undefined }, 'bad-claims'],
    ['J12 an iat that is a text', { iat: String(SECONDS) }, 'bad-claims'],
    ['J11 no exp', { exp: undefined }, 'bad-claims'],
    ['J11 an exp that is a text', { exp: String(SECONDS + 120) }, 'bad-claims'],
    ['J26 no jti', { jti: undefined }, 'bad-claims'],
    ['J26 an empty jti', { jti: '' }, 'bad-claims'],
    ['J12 an iat of tomorrow', { iat: SECONDS + 31, exp: SECONDS + 300 }, 'not-yet-valid'],
    ['J11 an exp that is now', { exp: SECONDS }, 'expired'],
    ['J11 an iat that is too old', { iat: SECONDS - 121 }, 'expired'],
    ['J16 nobody in it', { sub: undefined, sid: undefined }, 'bad-subject'],
    ['J16 a sub that is a number', { sub: 7 }, 'bad-subject'],
    ['J16 a sid that is empty', { sid: '' }, 'bad-subject'],
    ['J16 a sub that reaches a prototype', { sub: '__proto__' }, 'bad-subject'],
  ])('AN-06 refuses a token with %s', (_, changes, failure) => {
    expect(read(changes)).toBe(failure);
  });

  it('AN-06 J13 takes a list of audiences with one of its clients in it', () => {
    expect(read({ aud: ['other', 'chat-app'] })).toMatchObject({ jti: 'j-1' });
  });

  it('SL-14 allows a clock that is a little ahead, and dates a log-out by the clock of its issuer', () => {
    expect(read({ iat: SECONDS + 30, exp: SECONDS + 300 })).toMatchObject({ before: NOW + 30_000 });
    expect(read({ iat: SECONDS - 31 })).toMatchObject({ before: NOW - 31_000 });
    expect(read({ iat: SECONDS - 120 })).toMatchObject({ before: NOW - 120_000 });
    expect(read({ exp: SECONDS + 1 })).toMatchObject({ before: NOW });
  });
});
