import { type PipeTransform, ValidationPipe } from '@nestjs/common';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { WsAuthorize, WsPayload } from '@secure-ws/nestjs';
import { Transform, Type } from 'class-transformer';
import { IsInt, IsOptional, ValidateNested } from 'class-validator';
import { expect, it } from 'vitest';
import { connect } from '../support/queueing-client.js';
import { startApp } from '../support/start-app.js';

class Item {
  @IsInt()
  @Transform(({ value }) => (value as number) * 100)
  cents!: number;

  @IsOptional()
  @ValidateNested()
  @Type(() => Item)
  inner?: Item;
}

class Box {
  @ValidateNested()
  @Type(() => Item)
  item!: Item;
}

class Order {
  @ValidateNested()
  @Type(() => Item)
  chosen!: Item;

  @ValidateNested()
  @Type(() => Box)
  box!: Box;

  @ValidateNested({ each: true })
  @Type(() => Item)
  items!: Item[];

  get first(): Item | undefined {
    return this.items[0];
  }
}

const itemOf: PipeTransform<Box, Item> = { transform: (box) => box.item };
const innerOf: PipeTransform<Item> = { transform: (item): unknown => item.inner };
const validating = new ValidationPipe({ transform: true });

@WebSocketGateway({ path: '/orders' })
@WsAuthorize()
class OrdersGateway {
  @WsPayload(Order)
  @SubscribeMessage('property')
  property(@MessageBody('chosen', validating) { cents }: Item): number {
    return cents;
  }

  @WsPayload(Order)
  @SubscribeMessage('pipe')
  pipe(@MessageBody('box', itemOf, validating) { cents }: Item): number {
    return cents;
  }

  @WsPayload(Order)
  @SubscribeMessage('getter')
  getter(@MessageBody('first', validating) { cents }: Item): number {
    return cents;
  }

  @WsPayload(Item)
  @SubscribeMessage('inner')
  inner(@MessageBody(innerOf, validating) { cents }: Item): number {
    return cents;
  }
}

const ITEM = { cents: 3 };

it.each([
  ['a property', 'property', { chosen: ITEM, box: { item: ITEM }, items: [ITEM] }],
  ['what a pipe in front takes out of it', 'pipe', { chosen: ITEM, box: { item: ITEM }, items: [ITEM] }],
  ['what a getter takes out of it', 'getter', { chosen: ITEM, box: { item: ITEM }, items: [ITEM] }],
  ['an object of the class of the payload, inside of it', 'inner', { cents: 1, inner: ITEM }],
])('MV-03 transforms a part of the payload once, in front of a ValidationPipe: %s', async (_what, event, payload) => {
  const { url, token } = await startApp({ providers: [OrdersGateway] });
  const client = await connect(`${url}/orders`, { token: token() });
  expect(await client.request(event, payload)).toMatchObject({ event, data: 300 });
});
