import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { compileApp } from '../support/compiled-app.js';

const MODULE = `
  import { Module } from '@nestjs/common';
  import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
  import { SecureWsModule, WsAuthorize, WsPayload } from '@secure-ws/nestjs';

  const Note = { '~standard': { version: 1 as const, vendor: 'own', validate: (value: unknown) => ({ value }) } };

  @WsAuthorize()
  @WebSocketGateway({ path: '/notes' })
  export class NotesGateway {
    @WsPayload(Note)
    @SubscribeMessage('note.send')
    send() {}
  }

  @Module({
    imports: [
      SecureWsModule.forRoot({
        handshake: { origins: ['https://app.example.com'], trustedProxies: 'none' },
        authentication: { tickets: {} },
      }),
    ],
    providers: [NotesGateway],
  })
  export class AppModule {}
`;

/** The command is a process that loads Nest. */
const TIMEOUT_MS = 240_000;

it(
  'AZ-01 warns of a schema that the lock knows by the name of its library alone',
  { timeout: TIMEOUT_MS },
  async () => {
    const secureWs = { module: 'dist/app.module.js' };
    const app = await compileApp({
      files: { 'package.json': JSON.stringify({ type: 'module', secureWs }), 'src/app.module.ts': MODULE },
    });
    const { status, notes } = await app.secureWs('policy', '--write');
    expect({ status, notes }).toEqual({
      status: 0,
      notes: expect.stringContaining(
        'warning: The lock has only the name of own for (a part of) the payload of note.send on /notes: a change of its schema does not show.',
      ) as string,
    });
    expect(await readFile(join(app.folder, 'secure-ws.lock.json'), 'utf8')).toContain('"x-validated-by": "own"');
  },
);
