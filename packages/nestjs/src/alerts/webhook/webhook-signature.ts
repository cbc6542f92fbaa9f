import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';

const PREFIX = 'whsec_';

/** Standard Webhooks, "Signature scheme": 24 to 64 bytes. */
const MIN_BYTES = 24;
const MAX_BYTES = 64;

/**
 * Reads a secret of Standard Webhooks: `whsec_` and the base64 of 24 to 64 random bytes.
 *
 * @returns `undefined` where it is none.
 */
export function readWebhookSecret(text: unknown): KeyObject | undefined {
  if (typeof text !== 'string' || !text.startsWith(PREFIX)) return undefined;
  const encoded = text.slice(PREFIX.length);
  const bytes = Buffer.from(encoded, 'base64');
  // Node leaves out what is not base64: a secret that lost a letter would be another one.
  if (bytes.toString('base64') !== encoded || bytes.length < MIN_BYTES || bytes.length > MAX_BYTES) return undefined;
  // A KeyObject does not show its bytes when the options are logged.
  return createSecretKey(bytes);
}

/** What is signed of one attempt. */
export interface SignedContent {
  readonly id: string;
  /** Seconds since 1970: of the attempt, so that a receiver can refuse old ones. */
  readonly timestamp: number;
  readonly body: string;
}

/** The fields of a request: one signature for each secret, so that one can be changed without a gap. */
export function signedFields(
  { id, timestamp, body }: SignedContent,
  secrets: readonly KeyObject[],
): Readonly<Record<'webhook-id' | 'webhook-timestamp' | 'webhook-signature', string>> {
  const content = `${id}.${timestamp}.${body}`;
  const signatures = secrets.map((secret) => `v1,${createHmac('sha256', secret).update(content).digest('base64')}`);
  return { 'webhook-id': id, 'webhook-timestamp': String(timestamp), 'webhook-signature': signatures.join(' ') };
}
