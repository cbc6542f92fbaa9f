import { OPCODES } from '../probe/frames.js';
import type { HandshakeChange } from '../probe/handshake-request.js';
import type { Prober } from '../probe/prober.js';
import { NO_CLOSE_FRAME, type Session } from '../probe/session.js';
import { EndedWithoutAnswerError, NoAnswerError } from '../probe/inconclusive.js';
import { BudgetSpentError } from '../scope/scan-budget.js';
import { hostileMessages } from './hostile-messages.js';
import { type Check, type CheckContext, finding, notTested, passed, type Verdict } from './check.js';

/** What parsers of URLs, hosts, cookies and fields throw at. */
const HANDSHAKES: readonly (readonly [what: string, change: HandshakeChange])[] = [
  ['GET // with Host: [', { path: '//', host: '[' }],
  ['GET /%zz%c0%af', { path: '/%zz%c0%af' }],
  [
    'a broken Cookie, Origin and Sec-WebSocket-Extensions',
    { origin: 'http://[', extensions: '"\\', more: [['Cookie', 'a=%; =; ;%zz=%']] },
  ],
];

/** DR-14 and HS-23. */
export const crashCheck: Check = {
  id: 'crash',
  requirements: ['DR-14', 'HS-23'],
  title: 'A message or a handshake ends the server',
  why: 'One error that nobody catches ends a process of Node, and with it the connections of everybody: a single packet does, and the next one again when it is back.',
  cwe: 248,
  asvs: '16.5.4',
  severity: 'critical',
  confidence: 'certain',
  remediation: {
    nest: 'Import SecureWsModule: what a handler, a hook or a stream throws ends in an answer, and never in the process.',
    ws: `socket.on('error', () => socket.terminate()).on('message', async (data) => {
  try { await handle(JSON.parse(data)); } catch (error) { log.error(error); } // async as well: a rejection ends the process
});`,
    socketIo: `socket.on('order', async (data, acknowledge) => {
  try { await place(data); } catch (error) { log.error(error); } // acknowledge is whatever the client has sent
});`,
  },
  needsBaseline: true,
  async run(context) {
    const { list, end } = hostile(context);
    // Where nobody listens any more when it begins, what the scan has sent last has done it.
    const first = await openBystander(context, context.transcript.latest);
    if ('outcome' in first) return first;
    let bystander = first;
    let lost: string | undefined;
    const sent: string[] = [];
    try {
      if (!(await bystander.isAlive()))
        return notTested('The server answers no ping: whether it is still there cannot be seen.');
      for (const { what, send } of list) {
        context.transcript.note(what);
        const untried = await send();
        sent.push(what);
        if (!(await bystander.isAlive())) {
          const { code } = bystander.closed ?? {};
          const next = await replaced(bystander, context, what);
          if ('outcome' in next) return next;
          bystander = next;
          // Without a close frame: the process ended, and whoever watches it has started the next one.
          if (code === NO_CLOSE_FRAME) return isBack(what, 'without a close frame');
          lost ??= `Another connection ${code === undefined ? 'answered no ping' : `was closed with ${code}`}, and a new one is taken: whether the server ended meanwhile cannot be seen. It was at ${what}`; // prettier-ignore
          if (FAREWELLS.has(code)) {
            // It may have been its turn. Once more beside the next one, it is the message.
            await send();
            if (!(await bystander.isAlive())) {
              const again = bystander.closed?.code;
              const third = await replaced(bystander, context, what);
              if ('outcome' in third) return third;
              bystander = third;
              if (FAREWELLS.has(again) || again === NO_CLOSE_FRAME)
                return isBack(what, `with the code ${code}, and once more when it was sent again`);
            }
          }
        }
        if (untried !== undefined && lost === undefined)
          return notTested(`Another connection outlived ${sent.length - 1} of ${list.length} hostile messages and handshakes; ${what} could not be sent: ${untried}`); // prettier-ignore
      }
    } finally {
      end();
      bystander[Symbol.dispose]();
    }
    if (lost !== undefined) return notTested(lost);
    const { isAdmitted, saw } = await context.prober.admits();
    if (!isAdmitted)
      return notTested(`The good handshake is refused by now (${saw}): the rest may have reached nobody.`);
    return passed(`Another connection outlived ${list.length} hostile messages and handshakes.`);
  },
};

/** What a process says that catches its last error: going away, internal error, service restart (RFC 6455 section 7.4.1 and IANA). */
const FAREWELLS: ReadonlySet<number | undefined> = new Set([1001, 1011, 1012]);

/** A balancer that tries again has hidden that nobody listened. A proxy that is tired of waiting ends a connection in the same way. */
function isBack(sent: string, how: string): Verdict {
  const evidence = { sent, got: `another connection ended as well, ${how}`, about: sent };
  return finding('The server ended, and is back.', [evidence], { severity: 'high', confidence: 'tentative' });
}

/** A connection that says nothing, to see what befalls the others. A server at whose port nobody listens any more is a finding. */
async function openBystander(context: CheckContext, sent: string): Promise<Session | Verdict> {
  try {
    return await context.talk();
  } catch (error) {
    if (error instanceof BudgetSpentError) throw error;
    const says = error instanceof Error ? error.message : 'it failed.';
    const gone = await whyNobodyListens(context.prober);
    // Whoever keeps an address away at the handshake, or drops what it sends, is still there.
    if (gone === undefined) return notTested(`After ${sent} no good handshake is taken from here: ${says}`);
    // A firewall that keeps an address away may refuse its connections as well, and on the machine itself nobody does.
    const confidence = context.prober.target.isLoopback ? 'certain' : 'firm';
    return finding('The server takes no connection any more.', [{ sent, got: gone, about: sent }], { confidence });
  }
}

/** The next one, in the place of one that has ended. */
async function replaced(bystander: Session, context: CheckContext, sent: string): Promise<Session | Verdict> {
  bystander[Symbol.dispose]();
  return openBystander(context, sent);
}

/** Why a new connection of TCP is refused; `undefined` where there is one, or nobody says anything. */
async function whyNobodyListens(prober: Prober): Promise<string | undefined> {
  try {
    using _ = await prober.connect();
    return undefined;
  } catch (error) {
    if (error instanceof BudgetSpentError) throw error;
    const { code } = (error as Error).cause as NodeJS.ErrnoException;
    return code === 'ECONNREFUSED' ? (error as Error).message : undefined;
  }
}

interface Hostile {
  readonly what: string;
  /** Sends it. @returns why it could not be sent; `undefined` where it was. */
  readonly send: () => Promise<string | undefined>;
}

function hostile(context: CheckContext): { readonly list: readonly Hostile[]; readonly end: () => void } {
  let session: Session | undefined;
  const end = (): void => session?.[Symbol.dispose]();
  // One connection for all of them, while it stays.
  const ask = async (message: string): Promise<void> => {
    if (session === undefined || session.closed !== undefined) {
      end();
      session = await context.talk();
    }
    await session.ask(message);
  };
  const open = async (change: HandshakeChange): Promise<void> => {
    const { connection } = await context.prober.open(change);
    connection[Symbol.dispose]();
  };
  const texts = hostileMessages(context).map((text) => ({ what: text === '' ? 'an empty text' : text, text }));
  const list = [
    ...HANDSHAKES.map(([what, change]) => ({ what, send: () => sending(() => open(change)) })),
    ...texts.map(({ what, text }) => ({ what, send: () => sending(() => ask(text)) })),
    // Who breaks frames is kept away by some servers: last of all.
    { what: 'a text frame without a mask', send: () => sending(() => breakFrame(context)) },
  ];
  return { list, end };
}

/** Whether something is refused, and how, is no matter of this check. */
async function sending(work: () => Promise<void>): Promise<string | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    if (error instanceof BudgetSpentError) throw error;
    // It was sent, and the server has ended that connection, or has said nothing.
    if (error instanceof EndedWithoutAnswerError || error instanceof NoAnswerError) return undefined;
    return error instanceof Error ? error.message : 'it failed.';
  }
}

/** What a WebSocket of `ws` says is an error, which ends a process that does not listen for it. */
async function breakFrame({ prober }: CheckContext): Promise<void> {
  const { connection } = await prober.spoken();
  using _ = connection;
  connection.send({ opcode: OPCODES.text, payload: '{}', isMasked: false });
  await connection.frameBy(performance.now() + prober.settleMs);
}
