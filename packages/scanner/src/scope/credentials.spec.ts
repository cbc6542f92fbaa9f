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
    ['{"token":"","password" : "x"}', '{"token":"","password" : "[redacted]"}'],
    ['{"token":"cut off', '{"token":"[redacted]'],
    ['{"token":"cut off\\', '{"token":"[redacted]'],
  ])('SC-08 takes credentials out of %s', (text, expected) => {
    expect(redactor.redact(text)).toBe(expected);
  });

  it('SC-08 takes a secret of any length out: in a value of 16 MiB nothing runs out of stack', () => {
    for (const value of ['a', '\\n'])
      expect(redactor.redact(`{"token":"${value.repeat(8_388_608)}","id":1}`)).toBe('{"token":"[redacted]","id":1}');
  });

  it('cuts what is long, behind the redaction', () => {
    expect(redactor.redact(`${'x'.repeat(8)}abc+def==`, 12)).toBe('xxxxxxxx[red…');
  });
});
