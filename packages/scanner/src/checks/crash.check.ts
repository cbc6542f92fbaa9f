import { OPCODES, writeFrame } from '../probe/frames.js';
import type { HandshakeChange } from '../probe/handshake-request.js';
import type { Session } from '../probe/session.js';
import { InconclusiveError } from '../probe/inconclusive.js';
import { BudgetSpentError } from '../scope/scan-budget.js';
import { hostileMessages } from './hostile-messages.js';
import { type Check, type CheckContext, finding, notTested, passed, type Verdict } from './check.js';

/** So many have to be outlived on a server that then takes no more. */
const MIN_TRIED = 6;

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
    const before = await openBystander(context, context.transcript.latest);
    if ('outcome' in before) return before;
    let bystander = before;
    const list = hostile(context);
    try {
      if (!(await bystander.isAlive()))
        return notTested('The server answers no ping: whether it is still there cannot be seen.');
      for (const [tried, { what, send }] of list.entries()) {
        const isShut = (await send()) === 'shut';
        if (isShut) {
          const says = `Another connection outlived ${tried} of ${list.length} hostile messages and handshakes, and then no more handshakes were taken from here.`;
          return tried >= MIN_TRIED ? passed(says) : notTested(says);
        }
        if (await bystander.isAlive()) continue;
        const { closed } = bystander;
        bystander[Symbol.dispose]();
        const next = await openBystander(context, what);
        if ('outcome' in next) return next;
        bystander = next;
        // Without a close frame: the process ended, and whoever watches it has started the next one.
        if (closed?.code === 1006) {
          const evidence = { sent: what, got: 'another connection ended as well, without a close frame' };
          // A proxy that is tired of waiting ends a connection in the same way.
          return finding('The server ended, and is back.', [evidence], { confidence: 'tentative' });
        }
      }
    } finally {
      await list.at(-1)?.send();
      bystander[Symbol.dispose]();
    }
    return passed('Another connection outlived every hostile message and handshake.');
  },
};

/** A connection that says nothing, to see what befalls the others. A server that is gone is a finding. */
async function openBystander({ talk }: CheckContext, sent: string): Promise<Session | Verdict> {
  try {
    return await talk();
  } catch (error) {
    if (!isGone(error)) throw error;
    return finding('The server takes no connection any more.', [{ sent, got: (error as Error).message }]);
  }
}

const isGone = (error: unknown): boolean =>
  /^(?:ECONN|EPIPE|ETIMEDOUT|EHOST)/.test((error as NodeJS.ErrnoException).code ?? '') ||
  (error instanceof Error && error.message.startsWith('Opening handshake has timed out'));

type Sent = 'sent' | 'shut';

interface Hostile {
  readonly what: string;
  readonly send: () => Promise<Sent>;
}

function hostile(context: CheckContext): readonly Hostile[] {
  let session: Session | undefined;
  const ask = async (message: string): Promise<void> => {
    if (session === undefined || session.closed !== undefined) session = await context.talk();
    await session.ask(message);
    if (session.closed !== undefined) session[Symbol.dispose]();
  };
  const open = async (change: HandshakeChange): Promise<void> => {
    const { connection } = await context.prober.open(change);
    connection[Symbol.dispose]();
  };
  // Whether they are refused, and how, is no matter of this check, unless nothing more is taken.
  const calmly = (work: () => Promise<void>) => (): Promise<Sent> =>
    work().then(
      () => 'sent',
      (error: unknown) => {
        if (error instanceof BudgetSpentError) throw error;
        return error instanceof InconclusiveError && /429|503/.test(error.message) ? 'shut' : 'sent';
      },
    );
  return [
    ...HANDSHAKES.map(([what, change]) => ({ what, send: calmly(() => open(change)) })),
    { what: 'a text frame without a mask', send: calmly(() => breakFrame(context)) },
    ...hostileMessages(context).map((text) => ({
      what: text === '' ? 'an empty text' : text,
      send: calmly(() => ask(text)),
    })),
    { what: 'the end of a connection', send: calmly(() => Promise.resolve(session?.[Symbol.dispose]())) },
  ];
}

/** What a WebSocket of `ws` says is an error, which ends a process that does not listen for it. */
async function breakFrame({ prober }: CheckContext): Promise<void> {
  const { connection } = await prober.open();
  using _ = connection;
  connection.write(writeFrame({ opcode: OPCODES.text, payload: '{}', isMasked: false }));
  await connection.frameBy(performance.now() + prober.settleMs);
}
