import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { readRetryAfter, retryDelay } from '../../packages/nestjs/src/alerts/webhook/retry-delay.js';
import { readWebhookSecret, signedFields } from '../../packages/nestjs/src/alerts/webhook/webhook-signature.js';
import { anyText, eachInput, FUZZ_INPUTS, FUZZ_SEED, FUZZ_TIMEOUT, mutated } from './fuzz-run.js';

/** As a receiver of Standard Webhooks 1.0 verifies, written from its text. */
function isVerified(secret: Buffer, fields: Readonly<Record<string, string>>, body: Buffer): boolean {
  const { 'webhook-id': id = '', 'webhook-timestamp': timestamp = '', 'webhook-signature': signatures = '' } = fields;
  if (id.includes('.') || !/^\d{1,12}$/.test(timestamp)) return false;
  const content = Buffer.concat([Buffer.from(`${id}.${timestamp}.`), body]);
  const expected = createHmac('sha256', secret).update(content).digest();
  return signatures.split(' ').some((signature) => {
    const [version, base64 = ''] = signature.split(',');
    const bytes = Buffer.from(base64, 'base64');
    return version === 'v1' && bytes.length === expected.length && timingSafeEqual(bytes, expected);
  });
}

const SECRET = /^whsec_((?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?)$/;

describe(`${FUZZ_INPUTS} webhooks from the seed ${FUZZ_SEED}`, () => {
  it(
    'MO-09 are verified with each of their secrets and with no other, whatever an alert says',
    FUZZ_TIMEOUT,
    async () => {
      await eachInput((random) => {
        const secrets = Array.from({ length: 1 + random.below(5) }, () => randomBytes(24 + random.below(41)));
        const keys = secrets.map((secret) => readWebhookSecret(`whsec_${secret.toString('base64')}`));
        expect(keys).not.toContain(undefined);
        const body = JSON.stringify({
          type: 'ws.alert.raised',
          data: { seen: anyText(random), where: anyText(random) },
        });
        const timestamp = random.below(2 ** 31);
        const fields = signedFields({ id: 'msg_dGhlIHNhbWU-_w', timestamp, body }, keys as never);
        for (const value of Object.values(fields)) expect(value).toMatch(/^[\x21-\x7e]+(?: [\x21-\x7e]+)*$/);
        const sent = Buffer.from(body);
        for (const secret of secrets) expect(isVerified(secret, fields, sent)).toBe(true);
        expect(isVerified(randomBytes(32), fields, sent)).toBe(false);
        const [first = Buffer.alloc(0)] = secrets;
        const changed = Buffer.from(mutated(random, body));
        if (!changed.equals(sent)) expect(isVerified(first, fields, changed)).toBe(false);
        expect(isVerified(first, { ...fields, 'webhook-timestamp': String(timestamp + 1) }, sent)).toBe(false);
      });
    },
  );

  it('MO-09 have secrets of 24 to 64 bytes in the one spelling that base64 has for them', FUZZ_TIMEOUT, async () => {
    const counts = { taken: 0, refused: 0 };
    await eachInput((random) => {
      const text = `whsec_${randomBytes(20 + random.below(50)).toString('base64')}`;
      const given = random.happens(0.5) ? text : random.happens(0.8) ? mutated(random, text) : anyText(random);
      const [, base64 = ''] = SECRET.exec(given) ?? [];
      const bytes = Buffer.from(base64, 'base64');
      const isRight = bytes.toString('base64') === base64 && bytes.length >= 24 && bytes.length <= 64;
      const key = readWebhookSecret(given);
      expect(key !== undefined, `${given}`).toBe(isRight);
      if (key !== undefined) expect(key.export().equals(bytes)).toBe(true);
      counts[isRight ? 'taken' : 'refused']++;
    });
    for (const count of Object.values(counts)) expect(count).toBeGreaterThan(FUZZ_INPUTS / 10);
  });

  it('MO-09 wait a finite while, whatever a receiver asks for', FUZZ_TIMEOUT, async () => {
    const now = Date.parse('2026-11-28T10:00:00.000Z');
    await eachInput((random) => {
      const seconds = random.below(10_000);
      const date = new Date(now + seconds * 1000).toUTCString();
      expect(readRetryAfter(date, now)).toBe(seconds * 1000);
      expect(readRetryAfter(String(seconds), now)).toBe(seconds * 1000);
      const field = random.pick([
        () => mutated(random, date),
        () => mutated(random, String(seconds)),
        () => anyText(random),
      ])();
      const asked = readRetryAfter(field, now);
      expect(Number.isSafeInteger(asked) && asked >= 0, `${field}`).toBe(true);
      const delayMs = retryDelay(1 + random.below(2000), asked, random.next());
      expect(Number.isSafeInteger(delayMs), `${field}`).toBe(true);
      // As long as it asks for, and a quarter of an hour at most: others wait behind it.
      expect(delayMs, `${field}`).toBeGreaterThanOrEqual(Math.max(500, Math.min(asked, 900_000)));
      expect(delayMs, `${field}`).toBeLessThanOrEqual(900_000);
    });
  });
});
