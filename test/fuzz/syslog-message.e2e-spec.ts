import { describe, expect, it } from 'vitest';
import { EventPrivacy } from '../../packages/nestjs/src/events/event-privacy.js';
import { defaultEventsSettings } from '../../packages/nestjs/src/events/events.options.js';
import {
  rowOf,
  SECURITY_EVENT_TYPES,
  type SecurityEvent,
  type SecurityEventData,
} from '../../packages/nestjs/src/events/security-event.js';
import { isHeaderText, syslogFrame } from '../../packages/nestjs/src/events/syslog/syslog-message.js';
import { anyText, eachInput, FUZZ_INPUTS, FUZZ_SEED, FUZZ_TIMEOUT } from './fuzz-run.js';
import type { Random } from './random.js';

// RFC 5425 section 4.3 and RFC 5424 section 6, without what we do not write: structured data.
const FRAME = /^([1-9]\d*) (.*)$/su;
const MESSAGE =
  /^<(0|[1-9]\d{0,2})>1 (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) ([\x21-\x7e]{1,255}) ([\x21-\x7e]{1,48}) ([\x21-\x7e]{1,128}) ([\x21-\x7e]{1,32}) - \ufeff(.*)$/su;
const ENDS_LINE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

const privacy = new EventPrivacy({ ...defaultEventsSettings(), identifiers: 'plain' });

/** An event of any type, as sinks get it, of which a client has chosen every text. */
function anyEvent(random: Random): SecurityEvent {
  const type = random.pick(SECURITY_EVENT_TYPES);
  const { fields, optional = {} } = rowOf(type);
  const values = [...Object.entries(fields), ...Object.entries(optional)].map(([name, { treatment }]) => {
    if (treatment !== 'plain') return [name, anyText(random, random.happens(0.02) ? 500 : 24)];
    return [name, name !== 'method' && random.happens(0.3) ? random.below(2 ** 31) : anyText(random)];
  });
  const time = new Date(random.below(2 ** 31) * 1000 + random.below(1000)).toISOString();
  return privacy.present({ type, ...Object.fromEntries(values) } as SecurityEventData, time);
}

describe(`${FUZZ_INPUTS} syslog messages from the seed ${FUZZ_SEED}`, () => {
  it('MO-05 MO-07 are what RFC 5424 and RFC 5425 say, and hold the event and nothing else', FUZZ_TIMEOUT, async () => {
    await eachInput((random) => {
      const event = anyEvent(random);
      const text = (maxLength: number, otherwise: string): string => {
        const given = anyText(random, 12);
        return isHeaderText(given, maxLength) ? given : otherwise;
      };
      const header = {
        facility: random.below(24),
        hostname: text(255, 'web-1'),
        appName: text(48, 'app'),
        processId: text(128, '17'),
      };
      // Two in a row: the length of the first one says where the second one begins.
      const bytes = Buffer.from(syslogFrame(event, header) + syslogFrame(event, header));
      for (const [start, end] of [
        [0, bytes.length / 2],
        [bytes.length / 2, bytes.length],
      ] as const) {
        const [, length = '', message = ''] = FRAME.exec(bytes.subarray(start, end).toString('utf8')) ?? [];
        expect(Buffer.byteLength(message)).toBe(Number(length));
        const parsed = MESSAGE.exec(message);
        if (parsed === null) throw new Error(`no message of RFC 5424: ${message}`);
        const [, priority, time, hostname, appName, processId, id = '', json = ''] = parsed;
        expect(Number(priority) >> 3).toBe(header.facility);
        expect({ time, hostname, appName, processId }).toEqual({
          ...{ time: event.time, hostname: header.hostname, appName: header.appName, processId: header.processId },
        });
        expect(event.type.startsWith(id)).toBe(true);
        expect(json).not.toMatch(ENDS_LINE);
        expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify(event)));
      }
    });
  });
});
