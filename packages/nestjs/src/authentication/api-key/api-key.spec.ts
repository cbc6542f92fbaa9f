import { describe, expect, it } from 'vitest';
import { createApiKey, hashApiKey, readApiKeyId } from './api-key.js';

describe('an API key', () => {
  it('AN-07 has 256 random bits, and is found by its id', () => {
    const { key, id, hash } = createApiKey('acme_live');
    expect(key).toMatch(new RegExp(`^acme_live_${id}_[0-9a-f]{72}$`));
    expect(hash).toBe(hashApiKey(key).toString('hex'));
    expect(readApiKeyId(key, 'acme_live')).toBe(id);
    const made = Array.from({ length: 1000 }, () => createApiKey().key.slice(21, 85));
    expect(new Set(made).size).toBe(1000);
  });

  it('AN-07 stores nothing of the secret', () => {
    const { key, id, hash } = createApiKey();
    const secret = key.slice(-72, -8);
    expect(id + hash).not.toContain(secret.slice(0, 16));
  });

  it('is none with one letter changed, left out or added', () => {
    const { key } = createApiKey('acme');
    for (let at = 0; at < key.length; at += 1) {
      const other = key[at] === '0' ? '1' : '0';
      expect(readApiKeyId(key.slice(0, at) + other + key.slice(at + 1), 'acme')).toBeUndefined();
      expect(readApiKeyId(key.slice(0, at) + key.slice(at + 1), 'acme')).toBeUndefined();
      expect(readApiKeyId(key.slice(0, at) + other + key.slice(at), 'acme')).toBeUndefined();
    }
    expect(readApiKeyId(key.toUpperCase(), 'acme')).toBeUndefined();
    expect(readApiKeyId(`${key}\n`, 'acme')).toBeUndefined();
    expect(readApiKeyId('', 'acme')).toBeUndefined();
  });

  it('is none of another prefix', () => {
    expect(readApiKeyId(createApiKey('acme_live').key, 'acme')).toBeUndefined();
    expect(readApiKeyId(createApiKey('acme').key, 'acme_live')).toBeUndefined();
  });

  it.each(['', 'Acme', '1a', 'a b', 'a.b', 'a'.repeat(33), 'a\n'])('has no prefix %j', (prefix) => {
    expect(() => createApiKey(prefix)).toThrow(TypeError);
  });
});
