import { checkServerIdentity } from 'node:tls';
import type { TlsSight } from '../probe/tls-sight.js';
import { type Check, type Evidence, finding, notTested, passed } from './check.js';

const DAY_MS = 86_400_000;
/** Whoever renews by a machine does so earlier. */
const SOON_DAYS = 14;
const MIN_RSA_BITS = 2048;

/** TR-03. */
export const certificateCheck: Check = {
  id: 'certificate',
  requirements: ['TR-03'],
  title: 'The certificate proves nothing',
  why: 'A client that has to look away from a certificate looks away from that of an attacker as well: who stands in between reads and changes everything.',
  cwe: 295,
  asvs: '12.2.2',
  severity: 'high',
  confidence: 'certain',
  remediation: {
    nest: `NestFactory.create(AppModule, { httpsOptions: { key, cert } }); // cert: of a public authority, with its chain, renewed by ACME`,
    ws: `https.createServer({ key, cert }); // cert: of a public authority, with its chain, renewed by ACME`,
    socketIo: `new Server(https.createServer({ key, cert })); // cert: of a public authority, with its chain, renewed by ACME`,
  },
  needsBaseline: false,
  async run({ prober }) {
    const { target } = prober;
    if (!target.isSecure) return notTested('A ws:// address has no certificate.');
    const sight = await prober.tls();
    const evidence = problemsOf(sight, target.hostname);
    if (evidence.length > 0) return finding('The certificate is not to be trusted.', evidence);
    const days = Math.floor((Date.parse(sight.certificate.valid_to) - Date.now()) / DAY_MS);
    const shown = `The certificate is trusted, is for this host, and holds for ${days} days more.`;
    if (days >= SOON_DAYS) return passed(shown);
    return finding(shown, [{ sent: 'a TLS handshake', got: `valid to ${sight.certificate.valid_to}` }], {
      severity: 'low',
    });
  },
};

function problemsOf({ certificate, distrust }: TlsSight, hostname: string): readonly Evidence[] {
  const { valid_from: from, valid_to: to, subjectaltname = 'no names', modulus, bits = MIN_RSA_BITS } = certificate;
  const problems: string[] = [];
  if (Date.parse(to) < Date.now()) problems.push(`valid to ${to}`);
  if (Date.parse(from) > Date.now()) problems.push(`valid from ${from}`);
  if (checkServerIdentity(hostname, certificate) !== undefined) problems.push(`for ${subjectaltname}, and not for ${hostname}`); // prettier-ignore
  if (modulus !== undefined && bits < MIN_RSA_BITS) problems.push(`an RSA key of ${bits} bits`);
  // OpenSSL names one thing at a time: of an expired certificate that.
  if (distrust !== undefined && (problems.length === 0 || !/EXPIRED|NOT_YET/.test(distrust))) problems.push(distrust);
  return problems.map((got) => ({ sent: 'a TLS handshake', got }));
}
