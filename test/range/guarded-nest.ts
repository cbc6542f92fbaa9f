import 'reflect-metadata';
import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  type ArgumentsHost,
  type CanActivate,
  Catch,
  type ExecutionContext,
  Injectable,
  Module,
  UseFilters,
  UseGuards,
  UsePipes,
  ValidationPipe,
  type WsExceptionFilter,
} from '@nestjs/common';
import { JwtModule, JwtService } from '@nestjs/jwt';
import { WsAdapter } from '@nestjs/platform-ws';
import { Test } from '@nestjs/testing';
import {
  BaseWsExceptionFilter,
  ConnectedSocket,
  MessageBody,
  type OnGatewayConnection,
  SubscribeMessage,
  WebSocketGateway,
  WsException,
} from '@nestjs/websockets';
import { IsInt } from 'class-validator';
import { onTestFinished } from 'vitest';
import type { WebSocket } from 'ws';

/** What its author has forgotten, or made easy for himself. */
export const GUARD_FLAWS = ['no-guard', 'decoded-tokens', 'expired-tokens', 'no-owner', 'talkative-filter'] as const;

/** The name of one. */
export type GuardFlaw = (typeof GUARD_FLAWS)[number];

const SECRET = 'a secret of the range that stands in no list 0123456789';
const jwt = new JwtService({ secret: SECRET });

/** Two accounts of it, and a token that was good once. */
export const GUARDED = {
  token: jwt.sign({ sub: 'alice' }, { expiresIn: '1h' }),
  tokenB: jwt.sign({ sub: 'bob' }, { expiresIn: '1h' }),
  expired: jwt.sign({ sub: 'alice', exp: 1_700_000_000 }),
  messages: ['{"event":"note.read","data":{"noteId":7}}', '{"event":"note.purge","data":{"noteId":7}}'],
} as const;

type Client = WebSocket & { user?: string };

class Note {
  @IsInt() noteId!: number;
}

/** Says what an error said, to whoever caused it. */
@Catch()
class TalkativeFilter implements WsExceptionFilter<Error> {
  catch({ message, stack }: Error, host: ArgumentsHost): void {
    const client = host.switchToWs().getClient<Client>();
    client.send(JSON.stringify({ event: 'exception', data: { message, stack } }));
  }
}

/**
 * A gateway over `ws` with a guard and a pipe as they are written today: the connection is taken, the token is read from its
 * handshake, and the guard asks who it is before each handler. It ends with the test.
 */
export async function startGuardedNest(flaws: readonly GuardFlaw[]): Promise<string> {
  const has = (flaw: GuardFlaw): boolean => flaws.includes(flaw);

  @Injectable()
  class TokenGuard implements CanActivate {
    canActivate(context: ExecutionContext): boolean {
      return has('no-guard') || context.switchToWs().getClient<Client>().user !== undefined;
    }
  }

  @WebSocketGateway({ path: '/notes' })
  @UseGuards(TokenGuard)
  @UseFilters(has('talkative-filter') ? new TalkativeFilter() : new BaseWsExceptionFilter({ includeCause: false }))
  @UsePipes(new ValidationPipe({ whitelist: true, exceptionFactory: () => new WsException('Invalid payload') }))
  class NotesGateway implements OnGatewayConnection {
    constructor(private readonly tokens: JwtService) {}

    handleConnection(client: Client, { headers }: IncomingMessage): void {
      const token = headers.authorization?.slice('Bearer '.length) ?? '';
      try {
        const { sub } = has('decoded-tokens')
          ? this.tokens.decode<{ sub: string }>(token)
          : this.tokens.verify<{ sub: string }>(token, { ignoreExpiration: has('expired-tokens') });
        client.user = sub;
      } catch {
        // The guard refuses whatever comes.
      }
    }

    @SubscribeMessage('note.read')
    read(@MessageBody() { noteId }: Note, @ConnectedSocket() { user }: Client): unknown {
      if (user === 'bob' && !has('no-owner')) throw new WsException('Forbidden resource');
      return { event: 'note.read', data: { noteId, text: 'Buy milk' } };
    }

    @SubscribeMessage('note.purge')
    purge(@MessageBody() _: Note): unknown {
      throw new WsException('Forbidden resource');
    }
  }

  @Module({ imports: [JwtModule.register({ secret: SECRET })], providers: [NotesGateway, TokenGuard] })
  class AppModule {}

  const testing = await Test.createTestingModule({ imports: [AppModule] }).compile();
  const app = testing.createNestApplication({ logger: false, forceCloseConnections: true });
  app.useWebSocketAdapter(new WsAdapter(app));
  onTestFinished(() => app.close());
  await app.listen(0, '127.0.0.1');
  return `ws://127.0.0.1:${((app.getHttpServer() as Server).address() as AddressInfo).port}/notes`;
}
