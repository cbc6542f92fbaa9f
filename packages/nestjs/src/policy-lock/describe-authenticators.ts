import type { ResolvedAuthenticationOptions } from '../authentication/authentication.options.js';
import type { OriginRules } from '../handshake/origin-policy.js';
import { formatOrigin } from '../handshake/origin.js';
import { compareText } from './plain-value.js';

/** Names what proves an identity, without anything that is secret. */
export function describeAuthenticators(options: ResolvedAuthenticationOptions): readonly string[] {
  const { jwt, oauth, session, clientCertificate, apiKeys, tickets, authenticators } = options;
  const texts = [
    ...jwt.map(({ issuer, audience, keys, keySet }) => {
      const algorithms = [...keys, ...(keySet === undefined ? [] : [keySet])].flatMap(algorithmsOf);
      return `jwt of ${issuer} for ${listOf(audience)} (${listOf(algorithms)})`;
    }),
    ...oauth.map(
      ({ issuer, audience, algorithms }) => `oauth of ${issuer} for ${listOf(audience)} (${listOf(algorithms)})`,
    ),
    ...(session === undefined ? [] : [`session cookie ${session.cookie}`]),
    ...(clientCertificate === undefined ? [] : ['client certificates']),
    ...(apiKeys === undefined ? [] : [`API keys ${apiKeys.prefix}_`]),
    ...(tickets === undefined ? [] : ['tickets']),
    ...authenticators.map((source) => (typeof source === 'function' ? source.name : source.constructor.name)),
  ];
  return [...new Set(texts)].sort(compareText);
}

/** Names the pages that may connect. */
export function describeOrigins({ exact, parents, allowAny, allowNull }: OriginRules): readonly string[] {
  const texts = [
    ...(allowAny ? ['any origin'] : []),
    ...(allowNull ? ['null (sandboxed pages and files)'] : []),
    ...exact.map(formatOrigin),
    ...parents.map((parent) => `https://*.${parent}`),
  ];
  return [...new Set(texts)].sort(compareText);
}

function algorithmsOf(from: {
  readonly algorithm?: unknown;
  readonly algorithms?: Iterable<unknown>;
}): readonly string[] {
  return [from.algorithm, ...(from.algorithms ?? [])].filter((name) => typeof name === 'string');
}

function listOf(texts: readonly string[]): string {
  return [...new Set(texts)].sort(compareText).join(', ');
}
