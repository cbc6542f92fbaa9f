import type { SecureVersion } from 'node:tls';
import { InconclusiveError } from '../probe/inconclusive.js';
import { BudgetSpentError } from '../scope/scan-budget.js';
import { type Check, finding, notTested, passed } from './check.js';
import { tryEach } from './try-each.js';
import { ofAll } from './try-handshakes.js';

const OLD: readonly SecureVersion[] = ['TLSv1', 'TLSv1.1'];

/** How a server says that it does not speak a version: an alert, or the end of the connection. Anything else is our side. */
const REFUSALS = /ALERT|^ECONNRESET$|^EPIPE$/;

/** TR-03. */
export const oldTlsCheck: Check = {
  id: 'old-tls',
  requirements: ['TR-03'],
  title: 'Versions of TLS that are broken are spoken',
  why: 'TLS 1.0 and 1.1 (RFC 8996 forbids both) sign with SHA-1 and MD5. Whoever stands in between can ask both sides for the oldest version that both still speak.',
  cwe: 326,
  asvs: '12.1.1',
  severity: 'medium',
  confidence: 'certain',
  remediation: {
    nest: `NestFactory.create(AppModule, { httpsOptions: { key, cert, minVersion: 'TLSv1.2' } });`,
    ws: `https.createServer({ key, cert, minVersion: 'TLSv1.2' }); // nginx: ssl_protocols TLSv1.2 TLSv1.3;`,
    socketIo: `new Server(https.createServer({ key, cert, minVersion: 'TLSv1.2' }));`,
  },
  needsBaseline: false,
  async run({ prober }) {
    if (!prober.target.isSecure) return notTested('A ws:// address speaks no TLS.');
    // A server that is not there would pass for one that refuses.
    await prober.tls();
    const versions = OLD.map((version) => ({ what: `a handshake of ${version}`, version }));
    const { evidence, refused, untried } = await tryEach(versions, async ({ version }) => {
      try {
        return (await prober.tls(version)).version;
      } catch (error) {
        const { code = 'no answer in time' } = error as NodeJS.ErrnoException;
        if (error instanceof BudgetSpentError) throw error;
        if (REFUSALS.test(code)) return undefined;
        throw new InconclusiveError(`this machine makes no such handshake: ${code}.`);
      }
    });
    if (evidence.length > 0) return finding('The server speaks versions of TLS that nobody should.', evidence);
    if (untried !== undefined) return notTested(`${ofAll(refused, versions.length)}${untried}`);
    // A server that has gone meanwhile would pass for one that refuses.
    await prober.tls();
    return passed(`${OLD.join(' and ')} were refused.`);
  },
};
