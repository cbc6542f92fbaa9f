import type * as Ws from 'ws';
import { describe, expect, it, vi } from 'vitest';
import { bootProblems } from '../support/boot-problems.js';
import { EchoGateway } from '../support/echo.gateway.js';

// As a hoisted ws 8.21.0 would: it takes eight times the fragments when nobody says how many.
vi.mock('ws', async (importOriginal) => {
  const ws = await importOriginal<typeof Ws>();
  class OldWebSocketServer extends ws.WebSocketServer {
    constructor(options: Ws.ServerOptions) {
      super(options);
      this.options = { ...this.options, maxFragments: 131_072 };
    }
  }
  // In the project nest11 only the default export, the class itself, is seen of a copy that is reached through an alias.
  return { ...ws, WebSocket: ws.default, WebSocketServer: OldWebSocketServer };
});

describe('an application that got an old copy of ws', () => {
  it('DP-03 does not boot', async () => {
    const problems = await bootProblems({ providers: [EchoGateway] });
    expect(problems).toMatchObject([{ where: 'ws', fix: expect.stringContaining('npm install ws@^8.23.0') as string }]);
  });
});
