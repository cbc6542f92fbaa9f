import {
  CBOR_SUBPROTOCOL,
  CREDENTIAL_SUBPROTOCOL_PREFIXES,
  MSGPACK_SUBPROTOCOL,
  SUBPROTOCOLS,
} from '@secure-ws/protocol';
import { HTTP_TOKEN } from '../core/http-syntax.js';
import { isPlainObject, OptionReader } from '../core/option-reader.js';
import type { CodecName } from '../core/wire-format.js';

/** A subprotocol of the application, as `@SecureGateway({ subprotocols })` lists it. */
export interface WsSubprotocolOptions {
  /** A token of HTTP, such as `chat.v2`; compared as it is. */
  readonly name: string;
  /**
   * Whether its clients speak the module's own events too, as those of `secure-ws.v1` do: `$auth`, `$refresh`, `$cancel`.
   * Of all others such an event closes the connection.
   *
   * @default false
   */
  readonly moduleEvents?: boolean;
  /**
   * What its messages are written in. `'msgpack'` needs the package `@msgpack/msgpack`, `'cbor'` the package `cborg`.
   *
   * @default 'json'
   */
  readonly codec?: 'json' | 'msgpack' | 'cbor';
}

/** {@link WsSubprotocolOptions} with defaults filled. */
export interface ResolvedSubprotocol extends Required<Omit<WsSubprotocolOptions, 'codec'>> {
  /** `undefined` for JSON. */
  readonly codec: CodecName | undefined;
  /** The path of the option. */
  readonly option: string;
}

/** The names that say by themselves what is spoken: the messages of `secure-ws.v1`, in another codec. */
const CODEC_SUBPROTOCOLS: Readonly<Record<string, CodecName>> = {
  [MSGPACK_SUBPROTOCOL]: 'msgpack',
  [CBOR_SUBPROTOCOL]: 'cbor',
};

const EXAMPLE = "['chat.v2', { name: 'chat.v1', moduleEvents: true }]";

/** The client sends the whole list with each handshake, and no more entries than that are read. */
const MAX_NAMES = 8;

/** Reads the `subprotocols` of a gateway, in its order of preference. */
export function readSubprotocols(reader: OptionReader): readonly ResolvedSubprotocol[] {
  const list = reader.raw('subprotocols');
  if (list === undefined) return [];
  if (!Array.isArray(list) || list.length > MAX_NAMES) {
    reader.refuse('subprotocols', `must be a list of at most ${MAX_NAMES} subprotocols.`, EXAMPLE);
    return [];
  }
  const read: ResolvedSubprotocol[] = [];
  for (const [index, entry] of (list as readonly unknown[]).entries()) {
    const where = `subprotocols[${index}]`;
    const found = readOne(reader, where, entry);
    if (found === undefined) continue;
    const problem = nameProblem(found.name) ?? (read.some(({ name }) => name === found.name) ? TWICE : undefined);
    if (problem === undefined) read.push(found);
    else reader.refuse(where, problem, "'chat.v2'");
  }
  return Object.freeze(read);
}

function readOne(reader: OptionReader, where: string, entry: unknown): ResolvedSubprotocol | undefined {
  const option = reader.pathOf(where);
  if (typeof entry === 'string') {
    const codec = Object.hasOwn(CODEC_SUBPROTOCOLS, entry) ? CODEC_SUBPROTOCOLS[entry] : undefined;
    return { name: entry, codec, moduleEvents: codec !== undefined, option };
  }
  if (!isPlainObject(entry)) return reader.refuse(where, 'must be a name, or an object with a name.', "'chat.v2'");
  const inner = new OptionReader(entry, option, reader.problems);
  const name = inner.string('name');
  const moduleEvents = inner.boolean('moduleEvents', false);
  if (!inner.has('name')) inner.refuse('name', 'is not set.', "'chat.v2'");
  const codec = inner.oneOf('codec', ['json', 'msgpack', 'cbor'], 'json');
  if (name !== undefined && Object.hasOwn(CODEC_SUBPROTOCOLS, name)) {
    inner.refuse('name', 'says by itself what is spoken.', `'${name}', as a name alone`);
  }
  const read = inner.finish({ name: name ?? '', moduleEvents, codec: codec === 'json' ? undefined : codec, option });
  return name === undefined ? undefined : read;
}

const TWICE = 'is there twice.';

function nameProblem(name: string): string | undefined {
  if (!HTTP_TOKEN.test(name) || name.length > 64) return 'is not an HTTP token of at most 64 characters.';
  if (CREDENTIAL_SUBPROTOCOL_PREFIXES.some((prefix) => name.startsWith(prefix))) {
    return 'begins like an entry that carries a secret, and would be answered.';
  }
  return SUBPROTOCOLS.some((own) => own === name) ? 'is spoken by every gateway.' : undefined;
}
