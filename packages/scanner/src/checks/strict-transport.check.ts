import { type Check, finding, notTested, passed } from './check.js';

/** A year, as ASVS asks for, in seconds. */
const MIN_SECONDS = 31_536_000;

/** TR-02. */
export const strictTransportCheck: Check = {
  id: 'strict-transport',
  requirements: ['TR-02'],
  title: 'Browsers are not told to come by TLS alone',
  why: 'Without Strict-Transport-Security the first visit goes to http://, where whoever stands in between answers with a page of his own, which opens ws:// in place of wss://.',
  cwe: 523,
  asvs: '3.4.1',
  severity: 'low',
  confidence: 'certain',
  remediation: {
    nest: `app.use(helmet({ strictTransportSecurity: { maxAge: 31_536_000 } }));`,
    ws: `response.setHeader('Strict-Transport-Security', 'max-age=31536000; includeSubDomains');`,
    socketIo: `io.engine.on('headers', (headers) => { headers['Strict-Transport-Security'] = 'max-age=31536000'; });`,
  },
  needsBaseline: false,
  async run({ prober }) {
    if (!prober.target.isSecure) return notTested('Browsers believe the field over TLS alone.');
    const { fields, status } = await prober.page('/');
    if (status === 429 || status >= 500) return notTested(`The server answered GET / with ${status}.`);
    const policy = fields.get('strict-transport-security');
    const seconds = Number(/max-age="?(\d+)/i.exec(policy ?? '')?.[1] ?? 0);
    if (seconds >= MIN_SECONDS) return passed(`Strict-Transport-Security: ${policy}.`);
    const got = policy === undefined ? `${status} without Strict-Transport-Security` : `Strict-Transport-Security: ${policy}`; // prettier-ignore
    return finding('The server does not hold browsers to TLS for a year.', [{ sent: 'GET /', got }]);
  },
};
