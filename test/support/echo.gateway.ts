import { IsString, MaxLength } from 'class-validator';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { type Principal, WsAuthorize, WsPrincipal } from '@secure-ws/nestjs';

/** The payload of `echo`. */
export class Text {
  @IsString()
  @MaxLength(100_000)
  text!: string;
}

/** A protected gateway that answers, and counts what reached it. */
@WebSocketGateway({ path: '/echo' })
@WsAuthorize()
export class EchoGateway {
  /** How often `handleConnection` ran. */
  connections = 0;
  /** The texts that its handlers got, and from whom. */
  readonly handled: { readonly text: string; readonly from: string }[] = [];

  handleConnection(): void {
    this.connections += 1;
  }

  @SubscribeMessage('echo')
  echo(@MessageBody() { text }: Text, @WsPrincipal() principal: Principal): Text {
    this.handled.push({ text, from: principal.id });
    return { text };
  }
}
