import { createSecretKey } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { EventPrivacy } from './event-privacy.js';
import { defaultEventsSettings } from './events.options.js';
import { rowOf, SECURITY_EVENT_TYPES, type SecurityEvent, type SecurityEventData } from './security-event.js';

const TIME = '2026-01-01T00:00:00.000Z';
const KEY = '["jwt","https://id.example.com","canary-user"]';

const data: SecurityEventData = {
  type: 'ws.handshake.refused',
  status: 403,
  reason: 'origin-not-allowed',
  address: '192.0.2.77',
  origin: 'https://evil.example',
  path: '/orders?token=canary-token#x',
  principal: KEY,
};

type Shown = { principal: string; address: string; origin: string; path: string };

function present(settings: Partial<ConstructorParameters<typeof EventPrivacy>[0]> = {}, changes: object = {}): Shown {
  const hashKey = createSecretKey(Buffer.alloc(32, 7));
  const privacy = new EventPrivacy({ identifiers: 'hashed', addresses: 'plain', hashKey, ...settings });
  return privacy.present({ ...data, ...changes }, TIME) as SecurityEvent & Shown;
}

describe('EventPrivacy', () => {
  it('MO-06 shows a principal as a hash that joins its lines, and not who it is', () => {
    expect(present().principal).toMatch(/^[\w-]{16}$/);
    expect(present().principal).toBe(present({}, { address: '198.51.100.1' }).principal);
    expect(JSON.stringify(present())).not.toContain('canary');
  });

  it('MO-06 names a principal only where identifiers is plain', () => {
    expect(present({ identifiers: 'plain' }).principal).toBe(KEY);
  });

  it.each(SECURITY_EVENT_TYPES)(
    'MO-06 shows nothing of %s that is no field of it: no session, token or payload',
    (type) => {
      const { fields, optional = {} } = rowOf(type);
      const known = { ...fields, ...optional };
      const canaries = {
        sessionId: 'canary',
        tokenId: 'canary',
        keyId: 'canary',
        claims: { sid: 'canary' },
        data: 'canary',
      };
      const given = { type, code: 'INTERNAL', reason: 'internal', ...canaries } as unknown as SecurityEventData;
      const hashKey = createSecretKey(Buffer.alloc(32));
      const event = new EventPrivacy({ identifiers: 'hashed', addresses: 'plain', hashKey }).present(given, TIME);

      expect(JSON.stringify(event)).not.toContain('canary');
      expect(
        Object.keys(event).filter((name) => !['type', 'time', 'owasp'].includes(name) && !(name in known)),
      ).toEqual([]);
    },
  );

  it('MO-06 never shows a query or a fragment', () => {
    expect(present().path).toBe('/orders');
  });

  it('MO-06 F39 truncates addresses where it should, and has one form of each', () => {
    expect(present().address).toBe('192.0.2.77');
    expect(present({}, { address: '::ffff:192.0.2.77' }).address).toBe('192.0.2.77');
    expect(present({ addresses: 'truncated' }).address).toBe('192.0.2.0');
  });

  it.each(['origin', 'path', 'address', 'principal'] as const)(
    'MO-07 makes a %s unable to forge a line, in every sink',
    (field) => {
      const shown = present({ identifiers: 'plain' }, { [field]: 'a\r\n\u001b[31m\u2028\u202eb' });

      expect(shown[field]).toBe('a\\u000d\\u000a\\u001b[31m\\u2028\\u202eb');
    },
  );

  it('MO-07 DR-24 bounds what a client wrote', () => {
    const shown = present({}, { origin: 'a'.repeat(100_000), path: '/'.repeat(100_000) });

    expect(shown.origin).toHaveLength(203);
    expect(shown.path).toHaveLength(203);
  });

  it('MO-04 MO-05 fills in the OWASP name and the time', () => {
    expect(present()).toMatchObject({ owasp: 'malicious_cors', time: TIME });
  });

  it('freezes the event: sinks share it', () => {
    expect(Object.isFrozen(present())).toBe(true);
  });

  it('leaves out what is not known', () => {
    const event = new EventPrivacy({
      identifiers: 'hashed',
      addresses: 'truncated',
      hashKey: createSecretKey(Buffer.alloc(32)),
    }).present({ type: 'ws.application.failed', where: 'G.m' }, TIME);

    expect(event).toEqual({ type: 'ws.application.failed', owasp: 'sys_crash', where: 'G.m', time: TIME });
  });
});

it.each([
  ['::ffff:192.0.2.77', '192.0.2.77'],
  ['192.0.2.77', '192.0.2.77'],
  ['2001:db8::6', '2001:db8::6'],
  ['::1', '::1'],
  ['64:ff9b::192.0.2.1', '64:ff9b::192.0.2.1'],
  ['2001:db8::198.51.100.7', '2001:db8::198.51.100.7'],
  ['', ''],
])('MO-01 F39 writes %j in its one form %j', (address, plain) => {
  const privacy = new EventPrivacy({ ...defaultEventsSettings(), addresses: 'plain' });
  const data = { type: 'ws.handshake.refused', status: 400, reason: 'bad-key', address } as const;

  expect(privacy.present(data, '')).toMatchObject({ address: plain });
});
