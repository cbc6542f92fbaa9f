import { createSecretKey, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { WsCsrfTokens } from './csrf-tokens.js';

const KEY = createSecretKey(randomBytes(32));
const tokens = new WsCsrfTokens([KEY]);

describe('WsCsrfTokens', () => {
  it('HS-18 accepts its own token for its own session', () => {
    expect(tokens.isValid(tokens.issue('s-1'), 's-1')).toBe(true);
    expect(new WsCsrfTokens([KEY]).isValid(tokens.issue('s-1'), 's-1')).toBe(true);
  });

  it('HS-18 makes tokens that fit an entry of a subprotocol list and never repeat', () => {
    const made = Array.from({ length: 100 }, () => tokens.issue('s-1'));
    expect(new Set(made).size).toBe(100);
    for (const token of made) expect(token).toMatch(/^[A-Za-z0-9_.-]+$/);
  });

  it.each<[string, (token: string) => string, string]>([
    ['another session', (token) => token, 's-2'],
    ['no session', (token) => token, ''],
    ['a longer id', (token) => token, 's-1x'],
    ['nothing', () => '', 's-1'],
    ['a nonce alone', (token) => token.slice(0, 23), 's-1'],
    ['another nonce', (token) => randomBytes(16).toString('base64url') + token.slice(22), 's-1'],
    ['a cut signature', (token) => token.slice(0, -1), 's-1'],
    ['a longer one', (token) => `${token}A`, 's-1'],
    ['a flipped signature', (token) => token.slice(0, 23) + token.slice(23).split('').toReversed().join(''), 's-1'],
    ['a token of another key', () => new WsCsrfTokens([createSecretKey(randomBytes(32))]).issue('s-1'), 's-1'],
  ])('HS-18 refuses %s', (_, change, sessionId) => {
    expect(tokens.isValid(change(tokens.issue('s-1')), sessionId)).toBe(false);
  });

  it('HS-18 makes and accepts nothing without a secret or a session', () => {
    const none = new WsCsrfTokens();
    expect(() => none.issue('s-1')).toThrow(TypeError);
    expect(none.isValid(tokens.issue('s-1'), 's-1')).toBe(false);
    expect(() => tokens.issue('')).toThrow(TypeError);
  });

  it('HS-18 F43 makes tokens with the newest key and takes those of the older ones', () => {
    const next = createSecretKey(randomBytes(32));
    const rotated = new WsCsrfTokens([next, KEY]);
    expect(rotated.isValid(tokens.issue('s-1'), 's-1')).toBe(true);
    expect(new WsCsrfTokens([next]).isValid(rotated.issue('s-1'), 's-1')).toBe(true);
    expect(tokens.isValid(rotated.issue('s-1'), 's-1')).toBe(false);
  });

  it('HS-18 F43 makes the tokens of a gateway that sets its own sessions', () => {
    const [own, moduleKey] = [createSecretKey(randomBytes(32)), createSecretKey(randomBytes(32))];
    const both = new WsCsrfTokens([moduleKey]);
    const [Admin, Ticker, Chat] = [class {}, class {}, class {}];
    both.addGateway(Admin, { session: { csrfKeys: [own] } });
    both.addGateway(Ticker, { session: undefined });
    both.addGateway(Chat, undefined);
    expect(new WsCsrfTokens([own]).isValid(both.issue('s-1', Admin), 's-1')).toBe(true);
    expect(both.isValid(both.issue('s-1', Admin), 's-1')).toBe(false);
    expect(both.isValid(both.issue('s-1', Admin), 's-1', Admin)).toBe(true);
    expect(both.isValid(both.issue('s-1', Chat), 's-1', Admin)).toBe(false);
    expect(both.isValid(both.issue('s-1', Chat), 's-1')).toBe(true);
    expect(() => both.issue('s-1', Ticker)).toThrow(TypeError);
  });
});
