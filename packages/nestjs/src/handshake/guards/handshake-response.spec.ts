import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { HandshakeResponse } from './handshake-response.js';

const make = (): HandshakeResponse => new HandshakeResponse(new IncomingMessage(new Socket()));

describe('HandshakeResponse', () => {
  it('keeps the headers that are set', () => {
    const response = make().setHeader('X-Region', 'eu').setHeader('x-region', 'us').appendHeader('X-Trace', ['a', 'b']);
    response.setHeaders(new Map([['X-Count', 7]]));
    expect(response.fields).toEqual([
      ['x-region', 'us'],
      ['X-Trace', 'a'],
      ['X-Trace', 'b'],
      ['X-Count', '7'],
    ]);
    expect(response.getHeader('X-TRACE')).toEqual(['a', 'b']);
    expect(response.getHeaderNames()).toEqual(['x-region', 'x-trace', 'x-count']);
    expect(response.hasHeader('__proto__')).toBe(false);
    response.removeHeader('x-trace');
    expect(response.hasHeader('X-Trace')).toBe(false);
  });

  it.each([
    'x\r\nSet-Cookie: a=b',
    'x\ny',
    'x\ry',
    '\r\n',
    'x\0y',
    'x\ty',
    'caf\u00e9',
    '\u010d\u010a',
    '',
    ' x',
    'x ',
  ])('HS-24 refuses the value %j', (value) => {
    expect(() => make().setHeader('X-Region', value)).toThrow(TypeError);
    expect(() => make().appendHeader('X-Region', ['fine', value])).toThrow(TypeError);
  });

  it.each(['X\r\nY', 'X Y', 'X:', '', 'X\u0080'])('HS-24 refuses the name %j', (name) => {
    expect(() => make().setHeader(name, 'x')).toThrow(TypeError);
  });

  it.each([
    'Connection',
    'upgrade',
    'Transfer-Encoding',
    'CONTENT-LENGTH',
    'Keep-Alive',
    'Trailer',
    'Sec-WebSocket-Accept',
    'sec-websocket-protocol',
    'Sec-WebSocket-Extensions',
    'Cache-Control',
    'Set-Cookie',
  ])('HS-24 OD-11 leaves %s to the handshake', (name) => {
    expect(() => make().setHeader(name, 'x')).toThrow(TypeError);
    expect(() => make().appendHeader(name, 'x')).toThrow(TypeError);
    expect(() => make().setHeaders(new Map([[name, 'x']]))).toThrow(TypeError);
  });

  it.each<[string, (response: HandshakeResponse) => unknown]>([
    ['write', (response) => response.write('x')],
    ['end', (response) => response.end()],
    ['writeHead', (response) => response.writeHead(200)],
    ['flushHeaders', (response) => response.flushHeaders()],
    ['writeContinue', (response) => response.writeContinue()],
    ['writeEarlyHints', (response) => response.writeEarlyHints({ link: '</a>' })],
    ['writeProcessing', (response) => response.writeProcessing()],
  ])('writes nothing by %s()', (_, use) => {
    expect(() => use(make())).toThrow('headers only');
  });

  it('takes a bounded number of headers', () => {
    const response = make();
    for (let index = 0; index < 32; index += 1) response.setHeader(`X-${index}`, 'x');
    expect(() => response.setHeader('X-32', 'x')).toThrow(RangeError);
    expect(() => response.appendHeader('X-0', 'y')).toThrow(RangeError);
    response.setHeader('X-0', 'y');
    expect(response.fields).toHaveLength(32);
  });

  it('HS-24 keeps what was checked, whatever becomes of the list that it came in or is handed out in', () => {
    const list = ['fine'];
    const response = make().setHeader('X-Region', list);
    list.push('x\r\nSet-Cookie: a=b');
    expect(() => (response.getHeader('x-region') as string[]).push('x\r\ny')).toThrow(TypeError);
    expect(response.fields).toEqual([['X-Region', 'fine']]);
  });
});
