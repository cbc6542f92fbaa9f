import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { isPlaceholderSecret } from './placeholder-secret.js';

describe('isPlaceholderSecret', () => {
  it.each([
    'secret',
    'changeme',
    'your-256-bit-secret',
    'your-512-bit-secret',
    'a-string-secret-at-least-256-bits-long',
    'a-valid-string-secret-that-is-at-least-512-bits-long-please-change-it',
    'my-super-secret-jwt-key-change-me-in-production',
    'SuperSecretPassword123!SuperSecretPassword',
    'secretsecretsecretsecretsecretsecret',
    'changemexxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx',
    'changeme!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!',
    'secret\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0',
    'secret00000000000000000000000000',
    'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
    '12345678901234567890123456789012',
    '0123456789abcdef0123456789abcdef',
    'abcdefghijklmnopqrstuvwxyz123456',
  ])('AN-13 J09 knows the placeholder %j', (secret) => {
    expect(isPlaceholderSecret(Buffer.from(secret))).toBe(true);
  });

  it.each([
    ['hex', 'hex'],
    ['base64', 'base64'],
    ['raw bytes', 'latin1'],
  ] as const)('AN-13 takes random secrets: %s', (_, encoding) => {
    for (let round = 0; round < 200; round += 1) {
      const secret = Buffer.from(randomBytes(32).toString(encoding), 'latin1');
      expect(isPlaceholderSecret(secret)).toBe(false);
    }
  });

  it.each([
    'correct-horse-battery-staple-giraffe-violin',
    'f1c6d2b79e4a83051122fe9c7ab4d063',
    '9f!Kz2#xQp7&Lm4^Wv8*Rt6(Yb3)Nc5_',
  ])('AN-13 takes a secret with unknown parts: %s', (secret) => {
    expect(isPlaceholderSecret(Buffer.from(secret))).toBe(false);
  });
});
