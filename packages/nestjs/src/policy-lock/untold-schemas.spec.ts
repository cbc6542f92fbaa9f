import { describe, expect, it } from 'vitest';
import type { PlainValue } from './plain-value.js';
import type { PolicyDocument } from './policy-document.js';
import { untoldSchemas } from './untold-schemas.js';

const NAME = { 'x-validated-by': 'own' };

const untold = (payload: PlainValue, schemas: PolicyDocument['schemas'] = {}, reply: PlainValue = null) => {
  const access = { all: [] };
  const event = { event: 'send', handler: 'Chat.send', module: 'App', access, throttles: [], payload, reply };
  const endpoint = { path: '/chat', port: 0, origins: [], authenticators: [], settings: {}, events: [event] };
  return untoldSchemas({ format: 1, settings: {}, endpoints: [endpoint], schemas });
};

describe('what a lock knows by the name of a library alone', () => {
  it.each<readonly [what: string, payload: PlainValue, schemas: PolicyDocument['schemas']]>([
    ['a payload', NAME, {}],
    ['a list of it', { type: 'array', items: NAME }, {}],
    [
      'what a class holds that holds itself',
      { $ref: '#/schemas/A' },
      { A: { anyOf: [{ $ref: '#/schemas/A' }, NAME] } },
    ],
  ])('AZ-01 is told once: %s', (_what, payload, schemas) => {
    expect(untold(payload, schemas)).toEqual([
      expect.stringMatching(/^The lock has only the name of own for .* payload of send on \/chat: /) as string,
    ]);
  });

  it('AZ-01 is told of a reply', () => {
    expect(untold(null, {}, NAME)).toEqual([expect.stringContaining('the reply of send') as string]);
  });

  it.each<[PlainValue]>([
    [null],
    [{ type: 'object' }],
    [{ 'x-validated-by': 'secure-ws' }],
    [{ $ref: '#/schemas/constructor' }],
    [{ ...NAME, 'x-rules': [{ type: 'object' }] }],
  ])('AZ-01 is nothing where there is more: %j', (payload) => {
    expect(untold(payload)).toEqual([]);
  });
});
