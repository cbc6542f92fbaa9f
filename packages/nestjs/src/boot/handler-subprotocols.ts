import { SUBPROTOCOLS } from '@secure-ws/protocol';
import type { BootProblems } from '../core/boot-problems.js';
import type { GatewaySettings } from '../gateway-settings.js';
import { WS_SUBPROTOCOL_METADATA } from '../messages/ws-subprotocol.decorator.js';
import type { HandlerRecord } from '../nest/gateway-inventory.js';

/** The subprotocols in which a handler exists; `undefined` for all of them. */
export type HandlerSubprotocols = readonly string[] | undefined;

/** Reads `@WsSubprotocol` of a handler: of its class, and of its method, which may name fewer. */
export function readSubprotocolsOf(
  handler: HandlerRecord,
  { subprotocols }: Pick<GatewaySettings, 'subprotocols'>,
  isOnOwnAdapter: boolean,
  problems: BootProblems,
): HandlerSubprotocols {
  const ofClass = namesOn(handler.gateway.type);
  const ofMethod = namesOn(handler.callback);
  if (ofClass === undefined && ofMethod === undefined) return undefined;
  if (!isOnOwnAdapter) {
    problems.add(
      handler.label,
      'has a @WsSubprotocol, and with `adapter: false` no subprotocol is negotiated: it would be ignored.',
      'remove @WsSubprotocol; on Socket.IO a namespace of its own keeps events apart',
    );
    return undefined;
  }
  const spoken = new Set([...subprotocols.map(({ name }) => name), ...SUBPROTOCOLS]);
  checkNames(handler.label, ofClass, (name) => spoken.has(name), notSpoken(handler, spoken), problems);
  checkNames(handler.label, ofMethod, (name) => spoken.has(name), notSpoken(handler, spoken), problems);
  if (ofClass === undefined || ofMethod === undefined) return ofMethod ?? ofClass;
  const outside = [
    'that its class does not: no connection would reach it there.',
    `name it at the class as well, @WsSubprotocol(${[...ofClass, ...ofMethod].map((name) => `'${name}'`).join(', ')})`,
  ] as const;
  checkNames(handler.label, ofMethod, (name) => ofClass.includes(name), outside, problems);
  return ofMethod;
}

/** Whether there is a subprotocol in which two handlers exist both. */
export function overlap(one: HandlerSubprotocols, other: HandlerSubprotocols): boolean {
  return one === undefined || other === undefined || one.some((name) => other.includes(name));
}

type Complaint = readonly [problem: string, fix: string];

function notSpoken({ gateway }: HandlerRecord, spoken: ReadonlySet<string>): Complaint {
  return [
    `that ${gateway.path} does not offer: no connection would ever reach it.`,
    `@SecureGateway({ subprotocols: ['chat.v2'] }) above ${gateway.name}; offered are ${[...spoken].join(', ')}`,
  ];
}

const LISTED = "@WsSubprotocol('chat.v1', 'chat.v2'): the names one by one, not as a list";

function checkNames(
  label: string,
  names: HandlerSubprotocols,
  isKnown: (name: string) => boolean,
  [problem, fix]: Complaint,
  problems: BootProblems,
): void {
  if (names?.length === 0) problems.add(label, 'has a @WsSubprotocol without a name.', "@WsSubprotocol('chat.v2')");
  for (const name of names ?? []) {
    if (typeof name !== 'string') problems.add(label, 'has a @WsSubprotocol whose name is no text.', LISTED);
    else if (!isKnown(name)) problems.add(label, `names the subprotocol '${name}' ${problem}`, fix);
  }
}

function namesOn(owner: object): HandlerSubprotocols {
  return Reflect.getMetadata(WS_SUBPROTOCOL_METADATA, owner) as HandlerSubprotocols;
}
