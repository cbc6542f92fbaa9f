import { describe, expect, it } from 'vitest';
import { Redactor } from './credentials.js';

describe('Redactor', () => {
  const redactor = new Redactor({ token: 'abc+def==', cookie: 'sid=s%3Along; theme=x"yzw' });

  it.each([
    ['Bearer abc+def==', 'Bearer [redacted]'],
    ['?token=abc%2Bdef%3D%3D', '?token=[redacted]'],
    ['{"c":"x\\"yzw"}', '{"c":"[redacted]"}'],
    ['the session s%3Along', 'the session [redacted]'],
    ['Cookie: sid=s%3Along; theme=x"yzw', 'Cookie: [redacted]'],
    ['{"event":"login","password":"hunter2"}', '{"event":"login","password":"[redacted]"}'],
    ['{"accessToken": "a\\"b","id":1}', '{"accessToken": "[redacted]","id":1}'],
    ['nothing of it', 'nothing of it'],
  ])('SC-08 takes credentials out of %s', (text, expected) => {
    expect(redactor.redact(text)).toBe(expected);
  });

  it('cuts what is long, behind the redaction', () => {
    expect(redactor.redact(`${'x'.repeat(8)}abc+def==`, 12)).toBe('xxxxxxxx[red…');
  });
});
