import { InconclusiveError } from '../probe/inconclusive.js';
import { type Check, finding, notTested, passed } from './check.js';
import { tryEach } from './try-each.js';
import { refusedByNow } from './try-handshakes.js';

/** Each with what an answer would agree to that it must not. RFC 7692 section 7.1.2: windows are of 8 to 15 bits. */
const OFFERS: readonly (readonly [offer: string, wrong: RegExp])[] = [
  ['x-secure-ws-scan; level=9', /x-secure-ws-scan/i],
  ['permessage-deflate; client_max_window_bits=99; server_max_window_bits=1', /permessage-deflate/i],
  ['permessage-deflate; server_no_context_takeover; server_no_context_takeover', /permessage-deflate/i],
];

/** HS-11. */
export const extensionOffersCheck: Check = {
  id: 'extension-offers',
  requirements: ['HS-11'],
  title: 'The server agrees to extensions that do not exist',
  why: 'Who says yes to an extension reads frames by rules that he does not know, and to a window of 99 bits answers with the memory that he was asked for. What a proxy in between reads is something else.',
  cwe: 20,
  asvs: '2.2.1',
  severity: 'low',
  confidence: 'certain',
  remediation: {
    nest: 'Use the ws adapter of Nest, or SecureWsModule, which agrees to no extension.',
    ws: 'new WebSocketServer({ perMessageDeflate: false }); // and write no Sec-WebSocket-Extensions by yourself',
    socketIo: 'new Server(http, { perMessageDeflate: false });',
  },
  needsBaseline: true,
  async run({ prober }) {
    const offers = OFFERS.map(([offer, wrong]) => ({ what: `Sec-WebSocket-Extensions: ${offer}`, offer, wrong }));
    const { evidence, untried } = await tryEach(offers, async ({ offer, wrong }) => {
      const { connection, answer } = await prober.open({ extensions: offer });
      connection[Symbol.dispose]();
      if (answer.status >= 500)
        throw new InconclusiveError(`The server answered ${answer.status}, an error of its own.`);
      const agreed = answer.isAccepted ? (answer.fields.get('sec-websocket-extensions') ?? '') : '';
      return wrong.test(agreed) ? `Sec-WebSocket-Extensions: ${agreed}` : undefined;
    });
    if (evidence.length > 0)
      return finding('It agreed to an extension, or to parameters, that do not exist.', evidence);
    if (untried !== undefined) return notTested(untried);
    // Where everybody is refused by now, no offer was looked at.
    return (
      (await refusedByNow((change) => prober.admits(change))) ??
      passed('No extension that does not exist was agreed to.')
    );
  },
};
