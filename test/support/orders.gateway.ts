import { Type } from 'class-transformer';
import { IsArray, IsInt, IsOptional, IsString, Length, Max, Min, ValidateNested } from 'class-validator';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { WsAuthorize } from '@secure-ws/nestjs';

/** One line of an order. */
export class OrderLine {
  @IsString()
  @Length(1, 10)
  article!: string;

  @IsInt()
  @Min(1)
  @Max(100)
  quantity!: number;
}

/** An order with a nested object and a list. */
export class Order {
  @IsString()
  @Length(1, 20)
  title!: string;

  @ValidateNested()
  @Type(() => OrderLine)
  first!: OrderLine;

  @IsOptional()
  @IsArray()
  @ValidateNested({ each: true })
  @Type(() => OrderLine)
  more?: OrderLine[];
}

/** A gateway whose handler keeps what it was given. */
@WebSocketGateway({ path: '/orders' })
@WsAuthorize()
export class OrdersGateway {
  readonly placed: Order[] = [];

  @SubscribeMessage('order.place')
  place(@MessageBody() order: Order): { placed: boolean } {
    this.placed.push(order);
    return { placed: true };
  }
}

/** A good order. */
export const GOOD_ORDER = Object.freeze({ title: 'tea', first: Object.freeze({ article: 'green', quantity: 2 }) });
