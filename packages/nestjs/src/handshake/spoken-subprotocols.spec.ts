import { describe, expect, it } from 'vitest';
import type { WireCodec } from '../core/wire-format.js';
import { SpokenSubprotocols } from './spoken-subprotocols.js';

const CODEC = {} as WireCodec;

async function prepared() {
  const asked: [string, string][] = [];
  const spoken = new SpokenSubprotocols([
    { name: 'chat.v2', moduleEvents: true, codec: 'cbor', option: 'subprotocols[0]' },
    { name: 'chat.v1', moduleEvents: false, codec: undefined, option: 'subprotocols[1]' },
  ]);
  await spoken.prepare((codec, option) => {
    asked.push([codec, option]);
    return Promise.resolve(CODEC);
  });
  return { spoken, asked };
}

describe('SpokenSubprotocols', () => {
  it('HS-10 MV-19 prefers what the gateway has of its own', async () => {
    const { spoken } = await prepared();
    expect(spoken.names).toEqual(['chat.v2', 'chat.v1', 'secure-ws.v1', 'json.v1']);
    expect(Object.isFrozen(spoken.names)).toBe(true);
  });

  it.each<[string | undefined, object]>([
    ['chat.v2', { subprotocol: 'chat.v2', hasModuleEvents: true, codec: CODEC }],
    ['chat.v1', { subprotocol: 'chat.v1', hasModuleEvents: false, codec: undefined }],
    ['secure-ws.v1', { subprotocol: 'secure-ws.v1', hasModuleEvents: true, codec: undefined }],
    ['json.v1', { subprotocol: 'json.v1', hasModuleEvents: false, codec: undefined }],
    [undefined, { hasModuleEvents: false }],
  ])('MV-19 knows what is spoken under %s', async (name, format) => {
    const { spoken, asked } = await prepared();
    expect(spoken.formatOf(name)).toMatchObject(format);
    expect(Object.isFrozen(spoken.formatOf(name))).toBe(true);
    expect(asked).toEqual([['cbor', 'subprotocols[0]']]);
  });

  it('MV-19 knows nothing else, and nothing of its own before it is prepared', async () => {
    const { spoken } = await prepared();
    expect(() => spoken.formatOf('evil')).toThrow('Nobody speaks evil here.');
    expect(() => new SpokenSubprotocols([]).formatOf('json.v1')).toThrow('Nobody speaks json.v1 here.');
  });
});
