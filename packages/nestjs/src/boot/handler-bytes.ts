import type { BootProblems } from '../core/boot-problems.js';
import { OptionReader } from '../core/option-reader.js';
import type { GatewaySettings } from '../gateway-settings.js';
import type { HandlerRecord } from '../nest/gateway-inventory.js';
import { factoryOf } from '../nest/metadata.js';
import type { BytesDemand } from '../validation/bytes/bytes-demand.js';
import { compileMagic, MAGIC_NAMES } from '../validation/bytes/magic.js';
import { WS_BINARY_METADATA } from '../validation/bytes/ws-binary.decorator.js';
import { WsBytes } from '../validation/bytes/ws-bytes.decorator.js';
import { endpointOf } from './gateway-endpoints.js';

const BYTES_PARAMETER = factoryOf(WsBytes);

/** How large the bytes of one message may ever be: they are in memory as a whole. */
const MOST_BYTES = 64 * 1024 * 1024;

const EXAMPLE = "@WsBinary({ maxBytes: 65_536, magic: ['png', 'jpeg'] })";

/** Reads `@WsBinary` of a handler, and checks that its bytes can arrive and go somewhere. */
export function readBytesDemand(
  handler: HandlerRecord,
  { throttling }: Pick<GatewaySettings, 'throttling'>,
  isOnOwnAdapter: boolean,
  problems: BootProblems,
): BytesDemand | undefined {
  const declared: unknown = Reflect.getMetadata(WS_BINARY_METADATA, handler.callback);
  const takesBytes = handler.parameters?.some(({ factory }) => factory === BYTES_PARAMETER) === true;
  if (declared === undefined) {
    if (takesBytes)
      problems.add(handler.label, 'has a @WsBytes(), and takes no bytes: it would be undefined.', EXAMPLE);
    return undefined;
  }
  if (!takesBytes) {
    problems.add(handler.label, 'is @WsBinary, and no parameter gets the bytes.', '@WsBytes() bytes: Buffer');
  }
  const other = otherType(handler);
  if (other !== undefined) {
    problems.add(handler.label, `has a @WsBytes() of type ${other}, and gets a Buffer.`, '@WsBytes() bytes: Buffer');
  }
  if (!isOnOwnAdapter) {
    problems.add(
      handler.label,
      'is @WsBinary, which is not there with `adapter: false`: another adapter decides what binary is.',
      "remove @WsBinary, and take files over HTTP; or use the module's own adapter",
    );
  }
  const reader = new OptionReader(declared, `${handler.label} @WsBinary`, problems);
  if (!reader.has('maxBytes')) reader.refuse('maxBytes', 'is not set.', '65_536');
  const maxBytes = reader.count('maxBytes', 0, { min: 1, max: MOST_BYTES });
  const { connectionBytesPerSecond } = throttling;
  if (maxBytes > connectionBytesPerSecond) {
    const problem = `is ${maxBytes}, and a connection may send only ${connectionBytesPerSecond} bytes a second: no message of that size ever passes.`;
    const fix = `@SecureGateway({ limits: { connectionBytesPerSecond: ${2 * maxBytes}, maxQueuedBytes: ${2 * maxBytes} } }) above ${handler.gateway.name}`;
    reader.fail('maxBytes', problem, fix);
  }
  const magic = readMagic(reader);
  reader.finish();
  return Object.freeze({ maxBytes, ...magic });
}

/** What a parameter of bytes is declared as, where no Buffer is that. A type that the transpiler does not tell is none. */
function otherType({ parameters = [], types }: HandlerRecord): string | undefined {
  const declared = parameters.filter(({ factory }) => factory === BYTES_PARAMETER).map(({ index }) => types?.[index]);
  const isOther = (type: unknown): type is CallableFunction =>
    typeof type === 'function' && type !== Buffer && !(Buffer.prototype instanceof type);
  return declared.find(isOther)?.name;
}

function readMagic(reader: OptionReader): Pick<BytesDemand, 'magic' | 'kinds'> {
  const list = reader.raw('magic');
  if (list === undefined) return { magic: undefined, kinds: [] };
  const compiled = Array.isArray(list) ? list.map(compileMagic) : [];
  const magic = compiled.flatMap((each) => each ?? []);
  if (compiled.length === 0 || compiled.includes(undefined)) {
    const names = MAGIC_NAMES.join(', ');
    const problem = `must be a list of names (${names}), of { hex, offset }, or of lists of these.`;
    reader.refuse('magic', problem, "['png', { hex: '424d', offset: 0 }]");
    // Nothing begins like this.
    return { magic: [], kinds: [] };
  }
  const kinds = (list as readonly unknown[]).map((entry) =>
    typeof entry === 'string' ? entry : JSON.stringify(entry),
  );
  return { magic, kinds };
}

/** A handler, with what it asks of bytes. */
interface BytesTaker {
  readonly record: HandlerRecord;
  readonly bytes: BytesDemand | undefined;
}

/** How many bytes a message may carry at an endpoint, for any of its handlers. */
export function maxBytesAt(endpoint: string, handlers: readonly BytesTaker[]): number {
  const ofEndpoint = handlers.filter(({ record }) => endpointOf(record.gateway) === endpoint);
  return Math.max(0, ...ofEndpoint.map(({ bytes }) => bytes?.maxBytes ?? 0));
}
