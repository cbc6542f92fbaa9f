import { areOfOneForm } from '../dialect/answer-form.js';
import { UNKNOWN_EVENT } from '../dialect/recognise.js';
import { reactionsTo } from '../matrix/build-matrix.js';
import { openingParameters } from '../scope/query-credentials.js';
import { type Check, type CheckContext, finding, notTested, passed } from './check.js';

/** AN-01. */
export const unauthenticatedCheck: Check = {
  id: 'unauthenticated',
  requirements: ['AN-01'],
  title: 'Messages are answered without a credential',
  why: 'Whoever finds the address uses the server. Authentication belongs before the upgrade, or before the first message is handled.',
  cwe: 306,
  asvs: '6.3.4',
  severity: 'high',
  confidence: 'firm',
  remediation: {
    nest: `SecureWsModule.forRoot({ authentication: { jwt: { ... } }, ... }) // every handler then needs @WsAuthorize() or @WsPublic()`,
    ws: `http.on('upgrade', async (request, socket, head) => {
  if (!(await verify(request.headers.authorization))) return socket.end('HTTP/1.1 401 Unauthorized\\r\\nConnection: close\\r\\n\\r\\n');
});`,
    socketIo: `io.use(async (socket, next) => next((await verify(socket.handshake.auth.token)) ? undefined : new Error('UNAUTHORIZED')));`,
  },
  needsBaseline: false,
  async run(context) {
    const { prober, dialect, messages } = context;
    const { isAdmitted, saw } = await prober.admits({ credentials: 'none' });
    const opening = openingParameters(prober.target.url);
    const lacks = opening.length === 0 ? '' : `, and without ${opening.join(', ')} in the query`;
    if (!isAdmitted) {
      // An Origin, a path or an address that is refused to everybody is refused to nobody for want of a credential.
      const good = await prober.admits();
      if (good.isAdmitted) return passed(`Without a credential${lacks}: ${saw}.`);
      return notTested(`The good handshake is refused as well (${good.saw}): that of nobody (${saw}) says nothing.`);
    }
    const tried = messages.length > 0 ? messages : [dialect.message('ping', {}), dialect.message(UNKNOWN_EVENT, {})];
    let ended: string | undefined;
    let isRefused = false;
    const silent: string[] = [];
    for (const message of tried) {
      const [nobody] = await reactionsTo(context, 'none', [message]);
      const { kind = 'silent', shows = '' } = nobody ?? {};
      if (kind === 'answered') {
        return finding(
          `A message on a connection without any credential${lacks} was answered.`,
          [{ sent: message, got: shows, about: dialect.eventOf(message) ?? 'a message' }],
          {
            confidence: messages.length > 0 && (await isAnsweredAlike(context, message, shows)) ? 'firm' : 'tentative',
          },
        );
      }
      // Nobody was let in before: a limit, or a server that is busy by now, says nothing of credentials.
      if (kind === 'not-tried' || kind === 'not-admitted')
        return notTested(`Connections without a credential are accepted, and another one was not by now: ${shows}`);
      if (kind === 'silent') silent.push(dialect.eventOf(message) ?? message);
      // A message that ends everybody's connection, because it cannot be read, says nothing of credentials.
      if (kind === 'closed' && !(await endsForAll(context, message)))
        ended ??= `Without a credential a message ends the connection: ${shows}.`;
      if (kind === 'refused' && messages.length > 0) isRefused ||= await isAnswered(context, message);
    }
    if ((ended !== undefined || isRefused) && silent.length > 0) {
      return notTested(
        `Without a credential messages are refused, and the server said nothing to others (${silent.join(', ')}): whether it did what they ask for cannot be seen.`,
      );
    }
    if (ended !== undefined) return passed(`${ended} None was answered.`);
    if (isRefused)
      return passed('Without a credential connections are accepted, and refused what the first account is answered.');
    return notTested(
      messages.length > 0
        ? 'Connections without a credential are accepted, and none of the messages got an answer on one.'
        : 'Connections without a credential are accepted, and nobody answered: give messages that your server answers with --messages.',
    );
  },
};

/** Whether the first account is answered a message in the same form: else nobody may have been told to log in. */
async function isAnsweredAlike(context: CheckContext, message: string, got: string): Promise<boolean> {
  const [given] = await reactionsTo(context, 'given', [message]);
  return given?.heard.some((frame) => areOfOneForm(frame, got)) === true;
}

async function isAnswered(context: CheckContext, message: string): Promise<boolean> {
  const [given] = await reactionsTo(context, 'given', [message]);
  return given?.kind === 'answered';
}

/** Whether a message ends the connection of the first account as well. */
async function endsForAll({ talk }: CheckContext, message: string): Promise<boolean> {
  using session = await talk();
  await session.ask(message);
  return session.closed !== undefined;
}
