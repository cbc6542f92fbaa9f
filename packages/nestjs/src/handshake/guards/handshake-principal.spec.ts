import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { createPrincipal } from '../../core/principal.js';
import { handshakePrincipal, setHandshakePrincipal } from './handshake-principal.js';

const principal = createPrincipal({ issuer: 'test', id: 'alice' });

describe('handshakePrincipal', () => {
  it('AN-14 is who was verified, whatever a middleware wrote onto the request', () => {
    const request = Object.assign(new IncomingMessage(new Socket()), {
      user: { id: 'admin' },
      principal: { id: 'admin' },
    });
    setHandshakePrincipal(request, principal);
    expect(handshakePrincipal(request)).toBe(principal);
  });

  it('AN-14 is nobody before that, though the request names somebody', () => {
    const request = Object.assign(new IncomingMessage(new Socket()), { user: principal, principal });
    expect(() => handshakePrincipal(request)).toThrow(TypeError);
  });
});
