import { randomBytes } from 'node:crypto';

/** A new id of 128 random bits in base64url (OWASP ASVS 5.0 11.5.1: UUIDs do not count as 128-bit random). */
export function randomId(): string {
  return randomBytes(16).toString('base64url');
}
