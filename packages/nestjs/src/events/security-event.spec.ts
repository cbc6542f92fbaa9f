import { describe, expect, expectTypeOf, it } from 'vitest';
import type { WsErrorCode } from '@secure-ws/protocol';
import type { OwaspEventName } from './event-reasons.js';
import {
  SECURITY_EVENT_TYPES,
  type SecurityEvent,
  type SecurityEventOf,
  type SecurityEventPattern,
  typesMatching,
} from './security-event.js';

describe('typesMatching', () => {
  it.each<[string, readonly string[]]>([
    ['ws.message.refused', ['ws.message.refused']],
    ['ws.message.*', ['ws.message.refused', 'ws.message.reported']],
    ['ws.*', SECURITY_EVENT_TYPES],
    ['ws.mess*', []],
    ['ws.message', []],
    ['*', []],
    ['', []],
    ['.*', []],
    ['ws.message.Refused', []],
  ])('takes %s for %j', (pattern, types) => {
    expect([...typesMatching([pattern])]).toEqual(types);
  });

  it('gives each type once', () => {
    expect([...typesMatching(['ws.message.*', 'ws.message.refused'])]).toHaveLength(2);
  });

  it('types the events of a pattern', () => {
    expectTypeOf<SecurityEventOf<'ws.message.*'>>().toEqualTypeOf<
      Extract<SecurityEvent, { type: 'ws.message.refused' | 'ws.message.reported' }>
    >();
    expectTypeOf<SecurityEventOf<'ws.message.refused'>>().toExtend<{
      readonly code: WsErrorCode;
      readonly event?: string;
      readonly owasp: OwaspEventName;
    }>();
    expectTypeOf<SecurityEventOf<'ws.*'>>().toEqualTypeOf<SecurityEvent>();
    expectTypeOf<'ws.message'>().not.toExtend<SecurityEventPattern>();
    expectTypeOf<'ws.mesage.*'>().not.toExtend<SecurityEventPattern>();
  });
});
