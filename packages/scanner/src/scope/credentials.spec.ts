import { describe, expect, it } from 'vitest';
import { messageAs, Redactor } from './credentials.js';

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
    ['?token=abc%2bdef%3d%3d', '?token=[redacted]'],
    [
      '{"data":"{\\"password\\":\\"hunter22\\",\\"id\\":1}"}',
      '{"data":"{\\"password\\":\\"[redacted]\\",\\"id\\":1}"}',
    ],
    ['["{\\"token\\":\\"a\\\\\\"b\\\\\\\\\\",\\"id\\":1}"]', '["{\\"token\\":\\"[redacted]\\",\\"id\\":1}"]'],
    ['{"password":12345678,"id":1}', '{"password":"[redacted]","id":1}'],
    ['"{\\"pin_passcode\\": -1.5e3}"', '"{\\"pin_passcode\\": \\"[redacted]\\"}"'],
    [
      '{"query":"{ login(password: \\"hunter22\\", pin: 1) }"}',
      '{"query":"{ login(password: \\"[redacted]\\", pin: 1) }"}',
    ],
    ["{ user: 'ann', password: 'hunter22' }", "{ user: 'ann', password: '[redacted]' }"],
    ['{"token":"","tokens":3}', '{"token":"","tokens":3}'],
    ['{"token":"","password" : "x"}', '{"token":"","password" : "[redacted]"}'],
    ['{"token":"cut off', '{"token":"[redacted]'],
    ['{"token":"cut off\\', '{"token":"[redacted]'],
  ])('SC-08 takes credentials out of %s', (text, expected) => {
    expect(redactor.redact(text)).toBe(expected);
  });

  it.each([
    ['s%3Aq1w2e3r4t5y6.Zm9vYmFy%2BYmF6', 's:q1w2e3r4t5y6.Zm9vYmFy+YmF6'],
    ['s%3Aq1w2e3r4t5y6.Zm9vYmFy%2BYmF6', 'q1w2e3r4t5y6'],
    ['s%3aq1w2e3r4t5y6.Zm9v', 's%3Aq1w2e3r4t5y6.Zm9v'],
    ['"a%20quoted%zz"', 'a%20quoted%zz'],
    ['ab/cd+ef==', 'ab\\/cd+ef=='],
  ])('SC-08 takes the session of the cookie %s out as the server reads or writes it: %s', (value, said) => {
    const redacted = new Redactor({ cookie: `connect.sid=${value}; v=1` }).redact(`at ${said} (x)`);
    expect(redacted).toBe('at [redacted] (x)');
  });

  it.each(['\\', "password:'", '\\"token\\":\\"', 'a-', '"token":1'])(
    'SC-08 is not kept busy by megabytes of %s',
    (part) => {
      for (const end of ['', '"', "'"])
        expect(redactor.redact(part.repeat(2_000_000 / part.length) + end)).not.toBe('');
    },
  );

  it('SC-08 takes a secret of any length out: in a value of 16 MiB nothing runs out of stack', () => {
    for (const value of ['a', '\\n'])
      expect(redactor.redact(`{"token":"${value.repeat(8_388_608)}","id":1}`)).toBe('{"token":"[redacted]","id":1}');
  });

  it('cuts what is long, behind the redaction', () => {
    expect(redactor.redact(`${'x'.repeat(8)}abc+def==`, 12)).toBe('xxxxxxxx[red…');
  });
});

describe('messageAs()', () => {
  const OLD = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.b2xk';
  const credentials = { given: { token: 'token-of-a' }, other: { token: 'token-of-b' }, expired: {}, expiring: {} };

  it.each([
    ['{"auth":"token-of-a"}', '{"auth":"token-of-b"}', '{"auth":""}'],
    [
      `{"event":"hello","data":"Bearer ${OLD}"}`,
      '{"event":"hello","data":"Bearer token-of-b"}',
      '{"event":"hello","data":"Bearer "}',
    ],
    [
      '{"data":{"access_token":"opaque","id":1}}',
      '{"data":{"access_token":"token-of-b","id":1}}',
      '{"data":{"access_token":"","id":1}}',
    ],
    ['{"user":"ann","password":1234}', '{"user":"ann","password":"token-of-b"}', '{"user":"ann","password":""}'],
  ])('AN-01 AZ-01 lends what logs the first account in to nobody: %s', (message, other, none) => {
    expect(messageAs(message, 'given', credentials)).toBe(message);
    expect(messageAs(message, 'other', credentials)).toBe(other);
    expect(messageAs(message, 'none', credentials)).toBe(none);
  });

  it('AZ-01 leaves what is a token of something else', () => {
    const message = '{"data":{"pageToken":"abc","pushToken":"def"}}';
    expect(messageAs(message, 'none', credentials)).toBe(message);
  });
});
