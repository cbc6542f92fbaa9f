// A process that lays siege to a server with what a plan says, until its parent is gone. `node attacker.js PLAN`
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { maskedFrame, OPCODES } from '../measure/frames.js';
import { upgradeRequest } from '../measure/upgrade-request.js';
import { traderToken } from '../orders/identity.js';
import { orderText } from '../orders/order-batch.js';
import { ATTACKERS, ATTACKING_ADDRESSES, type SiegePlan } from './siege-plan.js';

const TICK_MS = 20;

/** How many handshakes may be unanswered: with more, this process would measure itself. */
const MAX_PENDING = 1_000;

/** How many bytes a sender has waiting before it is passed over: it is the server that is besieged, not this process. */
const MAX_UNSENT_BYTES = 262_144;

const text = (value: string): Buffer => maskedFrame(OPCODES.TEXT, Buffer.from(value));
const ORDER = text(orderText(0, 1));
const FRAMES: readonly Buffer[] = [
  ORDER,
  ORDER,
  ORDER,
  text('{"event":"order.place","data":{"accountId":7,"price":-1,"isAdmin":true}}'),
  text('{"event":"order.burn","data":null}'),
  text('{"event":"order.place","data":'),
  text('{"__proto__":{"event":"order.place"}}'),
  maskedFrame(OPCODES.PING, Buffer.from('x'.repeat(125))),
  maskedFrame(OPCODES.PONG, Buffer.alloc(0)),
];

/** Large, and wrong in the last place where anybody looks: one in fifty. */
const WORST: readonly Buffer[] = [
  text(`{"event":"order.place","data":${'['.repeat(15_000)}${']'.repeat(15_000)}}`),
  text(`{"event":"order.place","data":{${Array.from({ length: 5_000 }, (_, i) => `"k${i}":${i}`).join()}}}`),
  text(`{"event":"order.place","data":{"symbol":"${'\\u0041'.repeat(9_000)}"}}`),
];
const WORST_EVERY = 50;

const plan = JSON.parse(process.argv[2] ?? '') as SiegePlan;
const tokens = Array.from({ length: ATTACKERS }, (_, i) => traderToken(`attacker-${i}`));
const senders = new Set<Socket>();
const readers = new Set<Socket>();
let pending = 0;
let turn = 0;

/** Connects as somebody, or as nobody that is let in. Who gets in takes the place of a sender that the server has closed. */
function connect(): void {
  if (pending >= MAX_PENDING) return;
  const kind = turn++ % 4;
  const token = kind === 1 ? 'a.b.c' : tokens[turn % ATTACKERS];
  const origin = kind === 2 ? { Origin: 'https://elsewhere.example' } : {};
  pending++;
  const upgrade = upgradeRequest({
    port: plan.port,
    path: kind === 3 ? '/nowhere' : '/orders',
    headers: { Authorization: `Bearer ${token}`, ...origin },
    localAddress: `127.0.0.${2 + (turn % ATTACKING_ADDRESSES)}`,
  });
  upgrade.on('error', () => undefined);
  upgrade.on('response', (response) => response.resume());
  upgrade.once('close', () => pending--);
  upgrade.on('upgrade', (_: IncomingMessage, socket: Socket) => {
    const place = readers.size < plan.slowReaders ? readers : senders;
    socket.on('error', () => undefined);
    if (place.size >= (place === readers ? plan.slowReaders : plan.senders)) {
      socket.destroy();
      return;
    }
    place.add(socket);
    socket.once('close', () => place.delete(socket));
    if (place === readers) socket.pause();
    else socket.resume();
  });
}

function frame(): void {
  turn++;
  // A third of the frames is for replies that nobody reads.
  const place = turn % 3 === 0 ? readers : senders;
  const sockets = [...place];
  const socket = sockets[turn % Math.max(1, sockets.length)];
  if (socket === undefined || socket.writableLength > MAX_UNSENT_BYTES) return;
  const worst = turn % WORST_EVERY === 0 ? WORST[turn % WORST.length] : undefined;
  socket.write(place === readers ? ORDER : (worst ?? FRAMES[turn % FRAMES.length] ?? ORDER));
}

const start = performance.now();
let connects = 0;
let frames = 0;
setInterval(() => {
  const seconds = (performance.now() - start) / 1000;
  // What is owed for the time that has passed, whatever the server is busy with.
  for (; connects < seconds * plan.connectsPerSecond; connects++) connect();
  for (; frames < seconds * plan.framesPerSecond; frames++) frame();
}, TICK_MS);
process.on('disconnect', () => process.exit(0));
