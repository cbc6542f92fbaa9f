import { type Check, type Evidence, finding, notTested, passed } from './check.js';

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
  title: 'The server agrees to extensions that there are not',
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
    const evidence: Evidence[] = [];
    let told = 0;
    for (const [offer, wrong] of OFFERS) {
      const { connection, answer } = await prober.open({ extensions: offer });
      connection[Symbol.dispose]();
      if (answer.isAccepted || answer.status < 500) told++;
      const agreed = answer.isAccepted ? (answer.fields.get('sec-websocket-extensions') ?? '') : '';
      if (wrong.test(agreed)) {
        evidence.push({ sent: `Sec-WebSocket-Extensions: ${offer}`, got: `Sec-WebSocket-Extensions: ${agreed}` });
      }
    }
    if (evidence.length > 0)
      return finding('It agreed to an extension, or to parameters, that there are not.', evidence);
    if (told < OFFERS.length) return notTested('The server answered an offer with an error of its own.');
    return passed('No extension that there is not was agreed to.');
  },
};
