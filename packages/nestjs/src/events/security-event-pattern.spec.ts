import { describe, expect, expectTypeOf, it } from 'vitest';
import { SECURITY_EVENT_TYPES } from './event-level.js';
import type { MessageRefusedEvent, MessageReportedEvent, SecurityEvent } from './security-event.js';
import { type SecurityEventOf, type SecurityEventPattern, typesMatching } from './security-event-pattern.js';

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
    expectTypeOf<SecurityEventOf<'ws.message.*'>>().toExtend<MessageRefusedEvent | MessageReportedEvent>();
    expectTypeOf<SecurityEventOf<'ws.message.refused'>>().toExtend<MessageRefusedEvent>();
    expectTypeOf<SecurityEventOf<'ws.*'>>().toEqualTypeOf<SecurityEvent>();
    expectTypeOf<'ws.message'>().not.toExtend<SecurityEventPattern>();
    expectTypeOf<'ws.mesage.*'>().not.toExtend<SecurityEventPattern>();
  });
});
