import { compareCors, type CorsFinding } from '../../../boot/cors-origins.js';
import type { DoctorFacts } from '../doctor-facts.js';
import type { DoctorRule, Place } from '../finding.js';

const ENABLE_CORS = 'app.enableCors()';

/** CORS beside the origins of sockets. Only `main.ts` knows what it calls: see `--main`. */
export const CORS_RULES: readonly DoctorRule[] = [
  {
    id: 'cors-any-origin-with-credentials',
    severity: 'error',
    title: 'Every web site may call the HTTP API as its visitor',
    why: 'What opens a socket is handed out over HTTP: tickets, CSRF tokens, sessions. A page that reads those needs no allowed Origin.',
    check: (facts) => placesOf(facts, 'any-origin-with-credentials'),
  },
  {
    id: 'cors-any-origin',
    severity: 'warning',
    title: 'CORS is for every web site, sockets are for a list',
    why: 'Two lists for one application: one of them is not what its author meant.',
    check: (facts) => placesOf(facts, 'any-origin'),
  },
  {
    id: 'cors-loose-pattern',
    severity: 'error',
    title: 'A pattern of CORS matches names that anybody can register',
    why: 'An unanchored pattern is how an origin list is bypassed most often.',
    check: (facts) => placesOf(facts, 'loose-pattern'),
  },
  {
    id: 'cors-other-origin',
    severity: 'note',
    title: 'An origin may call the HTTP API and not open a socket',
    why: 'A page that logs in and is then refused with 403 at the handshake, or an origin that was forgotten in one of two lists.',
    check: (facts) => placesOf(facts, 'other-origin'),
  },
  {
    id: 'socket-io-any-origin',
    severity: 'error',
    title: 'Every web site may open a socket of Socket.IO',
    why: 'With `adapter: false` the handshake is Socket.IO’s, whose only check of the Origin is this option (CVE-2020-28481).',
    check: ({ gateways, options }) =>
      gateways
        .filter(({ options: { cors } }) => !options.adapter && allowsAny(cors))
        .map(({ name }) => ({
          place: `${name} @WebSocketGateway.cors`,
          problem: 'lets pages of every web site connect as their visitors.',
          fix: "@WebSocketGateway({ cors: { origin: ['https://app.example.com'] } })",
        })),
  },
];

function placesOf({ cors, origins, options }: DoctorFacts, kind: CorsFinding['kind']): readonly Place[] {
  // On another adapter we have no list to compare with.
  if (!options.adapter) return [];
  const allowed = origins.map(({ rules }) => rules);
  return cors
    .flatMap((given) => compareCors(given, allowed))
    .filter((finding) => finding.kind === kind)
    .map(({ problem, fix }) => ({ place: ENABLE_CORS, problem, fix }));
}

function allowsAny(cors: unknown): boolean {
  if (typeof cors !== 'object' || cors === null) return cors === true;
  const { origin = '*' } = cors as { readonly origin?: unknown };
  return origin === true || origin === '*' || (Array.isArray(origin) && origin.includes('*'));
}
