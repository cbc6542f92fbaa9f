import { findLeaks, LEAK_RULES, type Leak, type LeakRuleId } from '@secure-ws/protocol/leaks';
import { UNKNOWN_EVENT } from '../dialect/recognise.js';
import { type Check, type CheckContext, type Evidence, finding, notTested, passed, type Severity } from './check.js';

/** Whoever reads one of these can act with it; the others help an attack on. */
const SECRETS: ReadonlySet<LeakRuleId> = new Set([
  'connection-string',
  'token',
  'private-key',
  'service-key',
  'password-hash',
  'secret-field',
  'card-number',
]);

/** Of no use by itself. */
const MINOR: ReadonlySet<LeakRuleId> = new Set(['server-software', 'markup-comment']);

const MAX_EVIDENCE = 20;

/** OD-01, OD-07 and OD-09. */
export const errorLeaksCheck: Check = {
  id: 'error-leaks',
  requirements: ['OD-01', 'OD-07', 'OD-09'],
  title: 'The server says what it should keep to itself',
  why: 'Stack traces, statements of the database, addresses of the network and keys tell where to go on. Every answer of the whole scan is searched for them, after messages that no handler expects.',
  cwe: 209,
  asvs: '16.5.1',
  severity: 'medium',
  confidence: 'firm',
  remediation: {
    nest: 'Import SecureWsModule: an error becomes a code and a correlation id; @WsReply() declares what goes out.',
    ws: `catch (error) { log.error(error); socket.send(JSON.stringify({ event: 'error', data: { code: 'INTERNAL' } })); }`,
    socketIo: `catch (error) { log.error(error); acknowledge({ code: 'INTERNAL' }); }`,
  },
  needsBaseline: true,
  async run(context) {
    const { transcript } = context;
    const { isAnswered, untried } = await provoke(context);
    const evidence: Evidence[] = [];
    let worst: Severity = 'low';
    for (const { place, text } of transcript.received) {
      for (const leak of leaksIn(context, text)) {
        worst = worse(worst, leak.rule);
        if (evidence.length >= MAX_EVIDENCE) continue;
        evidence.push({ sent: place, got: `${meaningOf(leak)}: ${leak.found}`, about: `${leak.rule} in ${place}` });
      }
    }
    if (evidence.length > 0)
      return finding('What came from the server holds what it should keep.', evidence, { severity: worst });
    if (transcript.isCut) return notTested('More came than a scan keeps: the rest was not searched.');
    if (untried !== undefined) return notTested(untried);
    if (!isAnswered) return notTested('The server answered none of the messages: there was no error to read.');
    return passed(`${LEAK_RULES.length} rules found nothing in all that the server sent.`);
  },
};

/** What came of asking. */
interface Provoked {
  /** Whether anything came back. */
  readonly isAnswered: boolean;
  /** Why the rest could not be sent. */
  readonly untried?: string;
}

/** Sends what no handler expects. What was seen by then stays seen where the rest cannot be sent. */
async function provoke({ dialect, messages, talk }: CheckContext): Promise<Provoked> {
  const odd = [null, [], 'x', { id: { $gt: '' } }, { id: '\'"' }];
  const known = messages.slice(0, 5);
  const sent = [
    ...known,
    '{',
    'null',
    ...odd.map((data) => dialect.message(UNKNOWN_EVENT, data)),
    ...known.flatMap((message) => odd.flatMap((data) => dialect.withData(message, data) ?? [])),
  ];
  let isAnswered = false;
  try {
    while (sent.length > 0) {
      using session = await talk();
      // It takes nobody: no later one would stay either.
      if (session.closed !== undefined)
        return { isAnswered, untried: `The server ends a good connection by itself: close ${session.closed.code}.` };
      while (sent.length > 0 && session.closed === undefined) {
        const answers = await session.ask(sent.shift() ?? '');
        isAnswered ||= answers.length > 0 || session.closed !== undefined;
      }
    }
    return { isAnswered };
  } catch (error) {
    return { isAnswered, untried: error instanceof Error ? error.message : 'It failed.' };
  }
}

/** What the scan has sent by itself and got back is an echo, and not a leak. */
function leaksIn({ transcript }: CheckContext, text: string): readonly Leak[] {
  return text === '' ? [] : findLeaks(text).filter(({ found }) => !transcript.wasSent(found.replace(/…$/, '')));
}

function meaningOf({ rule, path }: Leak): string {
  const means = LEAK_RULES.find(({ id }) => id === rule)?.means ?? rule;
  return path === '' ? `${rule} (${means})` : `${rule} at ${path} (${means})`;
}

function worse(severity: Severity, rule: LeakRuleId): Severity {
  if (SECRETS.has(rule)) return 'high';
  return severity === 'low' && !MINOR.has(rule) ? 'medium' : severity;
}
