import { describe, expect, it } from 'vitest';
import { EntryRedactor } from '../../har/redact-entry.js';
import { TrafficDesk } from './traffic-desk.js';

describe('TrafficDesk', () => {
  it('SC-08 shows no beginning of a token that a side repeats in a message longer than is looked at', () => {
    const token = `tok-${'0123456789'.repeat(90)}`;
    const redactor = new EntryRedactor('ws://a/', [{ name: 'Authorization', value: `Bearer ${token}` }]);
    const desk = new TrafficDesk({ rules: [], holdMs: 1000 });
    desk.connect(1, {
      redact: (text, isCut) => (isCut ? redactor.beginning(text) : redactor.text(text)),
      inject: () => Promise.resolve(0),
    });
    // Each length moves the place where it is cut within the token.
    for (let before = 0; before <= token.length; before++) {
      const data = Buffer.from(`${' '.repeat(before)}${`${token} `.repeat(40)}`);
      void desk.decide({ connection: 1, direction: 'to-client', isBinary: false, data }, new AbortController().signal);
      expect(desk.log.entries.at(-1)?.shown).not.toContain('tok-');
    }
  });
});
