import type { SecureVersion } from 'node:tls';
import { type Check, type Evidence, finding, notTested, passed } from './check.js';

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
    const evidence: Evidence[] = [];
    for (const version of OLD) {
      try {
        const { version: got } = await prober.tls(version);
        evidence.push({ sent: `a handshake of ${version}`, got });
      } catch (error) {
        const { code = '' } = error as NodeJS.ErrnoException;
        if (!REFUSALS.test(code)) return notTested(`This machine makes no handshake of ${version}: ${code}.`);
      }
    }
    if (evidence.length > 0) return finding('The server speaks versions of TLS that nobody should.', evidence);
    return passed(`${OLD.join(' and ')} were refused.`);
  },
};
