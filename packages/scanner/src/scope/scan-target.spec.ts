import { describe, expect, it } from 'vitest';
import { readTarget } from './scan-target.js';

describe('readTarget', () => {
  it.each(['ws://localhost', 'ws://127.0.0.1:3000/a', 'ws://127.9.9.9', 'ws://[::1]:8080', 'wss://LOCALHOST'])(
    'SC-01 scans this machine: %s',
    (text) => {
      expect(readTarget(text, { isAllowed: false }).isLoopback).toBe(true);
    },
  );

  it.each([
    'wss://api.example.com',
    'ws://localhost.example.com',
    'ws://127.0.0.1.example.com',
    'ws://0.0.0.0:3000',
    'ws://10.0.0.1',
    'ws://[::]:80',
    'ws://[::ffff:10.0.0.1]',
    'ws://169.254.169.254',
  ])('SC-01 scans another machine after consent alone: %s', (text) => {
    expect(() => readTarget(text, { isAllowed: false })).toThrow('--i-am-allowed');
    expect(readTarget(text, { isAllowed: true }).isLoopback).toBe(false);
  });

  it('reads what a connection and a request line need', () => {
    expect(readTarget('wss://api.example.com/a%20b?v=1', { isAllowed: true })).toMatchObject({
      hostname: 'api.example.com',
      port: 443,
      host: 'api.example.com',
      path: '/a%20b?v=1',
      isSecure: true,
    });
    expect(readTarget('ws://[::1]:81/', { isAllowed: false })).toMatchObject({
      hostname: '::1',
      port: 81,
      host: '[::1]:81',
    });
  });

  it('SC-08 shows no value of the query', () => {
    const { shown } = readTarget('ws://localhost/a?token=abc&v=1&token=d', { isAllowed: false });
    expect(shown).toBe('ws://localhost/a?token=...&v=...');
  });

  it.each(['', 'localhost:3000', 'http://localhost', 'ws://', 'ws://user@localhost', 'ws://:pass@localhost'])(
    'refuses %j',
    (text) => {
      expect(() => readTarget(text, { isAllowed: true })).toThrow(TypeError);
    },
  );
});
