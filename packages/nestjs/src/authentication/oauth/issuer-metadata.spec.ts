import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../testing/fake-clock.js';
import { IssuerMetadata } from './issuer-metadata.js';

const ISSUER = 'https://id.example.com';
const JWKS = 'https://id.example.com/jwks';
const rules = { isProduction: true, hosts: new Set(['id.example.com']) };

/** Metadata where the server has these documents, by their address. */
function setUp(documents: Readonly<Record<string, object>>, issuer = ISSUER) {
  const asked: string[] = [];
  const fetch = ({ href }: URL) => {
    asked.push(href);
    return Promise.resolve(documents[href]);
  };
  const metadata = new IssuerMetadata(issuer, { fetch } as never, rules, new FakeClock(), 60_000);
  return { asked, metadata };
}

const OIDC = `${ISSUER}/.well-known/openid-configuration`;
const OAUTH = `${ISSUER}/.well-known/oauth-authorization-server`;

describe('IssuerMetadata', () => {
  it('AN-15 finds its addresses by OpenID Connect, and asks once', async () => {
    const document = { issuer: ISSUER, jwks_uri: JWKS, introspection_endpoint: `${ISSUER}/introspect` };
    const { metadata, asked } = setUp({ [OIDC]: document });
    expect((await metadata.endpoint('jwks_uri')).href).toBe(JWKS);
    expect((await metadata.endpoint('introspection_endpoint')).href).toBe(`${ISSUER}/introspect`);
    expect(asked).toEqual([OIDC]);
  });

  it('AN-15 looks where RFC 8414 puts them as well', async () => {
    const { metadata, asked } = setUp({ [OAUTH]: { issuer: ISSUER, jwks_uri: JWKS } });
    expect((await metadata.endpoint('jwks_uri')).href).toBe(JWKS);
    expect(asked).toEqual([OIDC, OAUTH]);
  });

  it.each([`${ISSUER}/tenant`, `${ISSUER}/tenant/`])(
    'AN-15 puts the path of %s where each of the two wants it',
    async (issuer) => {
      const { metadata, asked } = setUp({}, issuer);
      await expect(metadata.endpoint('jwks_uri')).rejects.toThrow(`The issuer ${issuer} publishes no metadata.`);
      expect(asked).toEqual([
        `${ISSUER}/tenant/.well-known/openid-configuration`,
        `${ISSUER}/.well-known/oauth-authorization-server/tenant`,
      ]);
    },
  );

  it.each<[string, object, string]>([
    [
      'another issuer',
      { issuer: 'https://evil.example', jwks_uri: JWKS },
      'is that of another issuer, "https://evil.example".',
    ],
    ['a slash behind it', { issuer: `${ISSUER}/`, jwks_uri: JWKS }, `is that of another issuer, "${ISSUER}/".`],
    ['no issuer', { jwks_uri: JWKS }, 'is that of another issuer, "none".'],
    ['a long issuer', { issuer: 'x'.repeat(300) }, `another issuer, "${'x'.repeat(200)}". If`],
    ['no address', { issuer: ISSUER }, `The jwks_uri in the metadata of ${ISSUER} `],
    [
      'an address of another host',
      { issuer: ISSUER, jwks_uri: 'https://evil.example/jwks' },
      'list it in oauth.hosts.',
    ],
    [
      'an address without TLS',
      { issuer: ISSUER, jwks_uri: 'http://id.example.com/jwks' },
      'The jwks_uri in the metadata',
    ],
  ])('J14 AN-15 refuses metadata with %s', async (_, document, text) => {
    const { metadata, asked } = setUp({ [OIDC]: document, [OAUTH]: { issuer: ISSUER, jwks_uri: JWKS } });
    const answer = metadata.endpoint('jwks_uri');
    await expect(answer).rejects.toThrow(text);
    await expect(answer).rejects.toMatchObject({ name: 'IdentityProviderError' });
    expect(asked).toEqual([OIDC]);
  });
});
