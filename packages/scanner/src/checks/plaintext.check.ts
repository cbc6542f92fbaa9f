import { type Admission, HUNG_UP } from '../probe/admission.js';
import { InconclusiveError } from '../probe/inconclusive.js';
import type { Prober } from '../probe/prober.js';
import { BudgetSpentError } from '../scope/scan-budget.js';
import { type Check, finding, notTested, passed, type Verdict } from './check.js';

/** TR-01. */
export const plaintextCheck: Check = {
  id: 'plaintext',
  requirements: ['TR-01'],
  title: 'Connections are not encrypted',
  why: 'Everybody on the way reads and changes what goes over a ws:// connection, tokens first.',
  cwe: 319,
  asvs: '4.4.1',
  severity: 'critical',
  confidence: 'certain',
  remediation: {
    nest: `NestFactory.create(AppModule, { httpsOptions: { key, cert } }); // or TLS at the proxy, and a redirect there`,
    ws: 'new WebSocketServer({ server: https.createServer({ key, cert }) });',
    socketIo: 'new Server(https.createServer({ key, cert }));',
  },
  needsBaseline: false,
  async run({ prober, plainPort }) {
    const { target } = prober;
    if (target.isSecure) return tryPorts(prober, portsOf(target.port, plainPort));
    if (target.isLoopback) {
      return notTested('On the machine itself nobody stands in between: scan the wss:// address that clients use.');
    }
    const admission = await prober.admits();
    const { isAdmitted, saw } = admission;
    if (isAdmitted) return finding('A handshake without TLS was accepted.', [{ sent: target.shown, got: saw }]);
    // Of any other refusal nobody knows whether it is one for want of TLS.
    if (sendsAway(admission)) return passed(`A handshake without TLS was sent away: ${saw}.`);
    return notTested(`A handshake without TLS was refused with ${saw}, for a reason that is not clear.`);
  },
};

/** Redirects, and `426 Upgrade Required`. */
const SENDS_AWAY: ReadonlySet<number> = new Set([301, 302, 303, 307, 308, 426]);

/**
 * Whether an answer says that it takes TLS. To a text, servers of TLS say `400` and that they are one (nginx, Apache, Tomcat, Go);
 * the `400` that Engine.IO refuses everything with says nothing of TLS.
 */
function sendsAway({ answer: { status }, body }: Admission): boolean {
  return SENDS_AWAY.has(status) || (status === 400 && /https|\b(?:tls|ssl)\b/i.test(body));
}

/** The port of the target, the one that was named, and the usual one beside the usual one of TLS. */
function portsOf(port: number, plainPort: number | undefined): ReadonlySet<number> {
  return new Set([port, ...(plainPort === undefined ? [] : [plainPort]), ...(port === 443 ? [80] : [])]);
}

/** Whether the server of a wss:// address takes connections without TLS as well. No credential goes out on them. */
async function tryPorts(prober: Prober, ports: ReadonlySet<number>): Promise<Verdict> {
  const refused: string[] = [];
  let asking: Verdict | undefined;
  let unclear: string | undefined;
  for (const port of ports) {
    const sent = `ws:// at port ${port}, without a credential`;
    const admission = await answerWithoutTls(prober, port);
    const { isAdmitted, saw, answer } = admission;
    if (isAdmitted) return finding('A handshake without TLS was accepted.', [{ sent, got: saw, about: sent }]);
    // It would read the credential next: whether it would take it is not tried, for it would go out in the clear.
    if (answer.status === 401)
      asking ??= finding('A credential is asked for without TLS.', [{ sent, got: saw, about: sent }], {
        confidence: 'tentative',
      });
    else if (answer.status !== 0 && !sendsAway(admission)) unclear ??= `port ${port}: ${saw}`;
    refused.push(`port ${port}: ${saw}`);
  }
  if (asking !== undefined) return asking;
  if (unclear !== undefined)
    return notTested(`A server answers without TLS (${unclear}): whether it takes a good handshake there is not tried, as the credential would go out in the clear.`); // prettier-ignore
  return passed(`The target is a wss:// address, and takes no connection without TLS (${refused.join(', ')}).`);
}

async function answerWithoutTls(prober: Prober, port: number): Promise<Admission> {
  try {
    return await prober.withoutTls(port).admits({ credentials: 'none' });
  } catch (error) {
    if (error instanceof BudgetSpentError || error instanceof InconclusiveError) throw error;
    return { ...HUNG_UP, saw: 'no answer' };
  }
}
