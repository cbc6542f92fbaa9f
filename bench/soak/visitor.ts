import { maskedFrame, OPCODES } from '../measure/frames.js';
import { LoadConnection } from '../measure/load-connection.js';
import { refusedUpgrade } from '../measure/refused-upgrade.js';
import type { LoadTarget } from '../measure/upgrade-request.js';
import { TRADER_ID, traderToken } from '../orders/identity.js';
import { orderText } from '../orders/order-batch.js';

/** How many people there are: windows of limits are kept for each of them for a while. */
const PEOPLE = 200;

const textFrame = (text: string): Buffer => maskedFrame(OPCODES.TEXT, Buffer.from(text));
const PRICE_TOO_LOW = textFrame('{"event":"order.place","id":1,"data":{"price":-1}}');
const UNKNOWN_EVENT = textFrame('{"event":"order.burn","id":2,"data":{}}');
const NO_JSON = textFrame('{"event":');
const PING = maskedFrame(OPCODES.PING, Buffer.from('here'));

/** How a connection may end, besides a close. */
const BROKEN_ENDS: readonly Buffer[] = [
  // Half of a message, of a header, and of nothing.
  textFrame('x'.repeat(1000)).subarray(0, 500),
  textFrame('x'.repeat(1000)).subarray(0, 3),
  Buffer.alloc(0),
];

/** Frames that this side must be failed for: without a mask, and of no opcode. */
const BROKEN_FRAMES: readonly Buffer[] = [Buffer.of(0x81, 0x01, 0x78), Buffer.of(0x83, 0x80, 0, 0, 0, 0)];

/**
 * One visit of each kind: somebody connects, talks, is refused something and leaves in one of several ways; strangers are
 * refused at the door.
 *
 * @throws when the server answers otherwise than it must.
 */
export async function visit(port: number, turn: number): Promise<void> {
  // The others may not order for the account.
  const isOwner = turn % 2 === 0;
  const target: LoadTarget = {
    port,
    path: '/orders',
    headers: { Authorization: `Bearer ${traderToken(isOwner ? TRADER_ID : `visitor-${turn % PEOPLE}`)}` },
  };
  await beRefused(target);
  const connection = await LoadConnection.open(target);
  expectEvent(await connection.exchange(textFrame(orderText(0, turn % 10)), 1), isOwner ? 'order.placed' : 'error');
  for (const frame of [PRICE_TOO_LOW, UNKNOWN_EVENT, NO_JSON])
    expectEvent(await connection.exchange(frame, 1), 'error');
  await leave(connection, turn);
}

async function leave(connection: LoadConnection, turn: number): Promise<void> {
  const broken = BROKEN_FRAMES[turn % 7];
  if (broken !== undefined) return connection.endWith(broken);
  const cutOff = BROKEN_ENDS[(turn % 7) - BROKEN_FRAMES.length];
  if (cutOff !== undefined) return connection.reset(cutOff);
  connection.write(PING);
  return connection.close();
}

async function beRefused(target: LoadTarget): Promise<void> {
  const refused: readonly (readonly [LoadTarget, number])[] = [
    [{ ...target, headers: { ...target.headers, Origin: 'https://elsewhere.example' } }, 403],
    [{ ...target, headers: {} }, 401],
    [{ ...target, headers: { Authorization: 'Bearer a.b.c' } }, 401],
    [{ ...target, path: '/nowhere' }, 404],
  ];
  for (const [each, expected] of refused) {
    const status = await refusedUpgrade(each);
    if (status !== expected) throw new Error(`A handshake was answered ${status}, and must be answered ${expected}.`);
  }
}

function expectEvent([reply = '']: readonly string[], expected: string): void {
  const { event } = JSON.parse(reply) as { readonly event?: unknown };
  if (event !== expected) throw new Error(`A message was answered ${reply}, and must be answered "${expected}".`);
}
