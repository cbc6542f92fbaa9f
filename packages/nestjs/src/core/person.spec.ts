import { describe, expect, it } from 'vitest';
import { isSamePerson, personOf, personOfKey } from './person.js';
import { makePrincipal } from './principal.js';

const known = (block: string, issuer: string, id = 'alice', tenant?: string) =>
  makePrincipal({ issuer, id, ...(tenant !== undefined && { tenant }) }, { block, kind: 'custom', now: 0 });

const ISSUER = 'https://id.example.com';
const token = known('authentication.jwt', ISSUER);

describe('a person', () => {
  it.each([
    ['a ticket', known('authentication.tickets', ISSUER)],
    ['an authenticator of the application', known('authentication.authenticators[0]', ISSUER)],
    ['an authentication of one gateway', known('@SecureGateway() of Kiosk.authentication.jwt', ISSUER)],
  ])('SL-05 is the same with a token and with %s of one issuer', (_, other) => {
    expect(isSamePerson(token, other)).toBe(true);
    expect(personOf(other)).toBe(personOf(token));
    expect(personOfKey(other.key)).toBe(personOf(token));
  });

  it.each([
    ['issuer', known('authentication.jwt', 'https://other.example.com')],
    ['id', known('authentication.jwt', ISSUER, 'bob')],
    ['tenant', known('authentication.jwt', ISSUER, 'alice', 't1')],
  ])('SL-05 is another one with another %s', (_, other) => {
    expect(isSamePerson(token, other)).toBe(false);
    expect(personOf(other)).not.toBe(personOf(token));
    expect(personOfKey(other.key)).toBe(personOf(other));
  });

  it.each(['session', 'api-keys', 'client-certificate'])(
    'SL-05 F26 is one of this authentication only where nobody has named the issuer: %s',
    (issuer) => {
      const [own, ticket] = [known('authentication.session', issuer), known('authentication.tickets', issuer)];
      const staff = known('@SecureGateway() of Staff.authentication.session', issuer);
      expect([isSamePerson(own, ticket), isSamePerson(own, staff)]).toEqual([true, false]);
      expect(personOf(ticket)).toBe(personOf(own));
      expect(personOf(staff)).not.toBe(personOf(own));
    },
  );

  it.each([undefined, '', 'alice', '[', '{}', 'null', '["a"]', '["a","b"]', '["a","b","c","d","e"]', '["a","b",3]'])(
    'AN-11 is nobody for what is no key of a principal: %s',
    (key) => {
      expect(personOfKey(key)).toBeUndefined();
    },
  );
});
