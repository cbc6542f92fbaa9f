import 'reflect-metadata';
import { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { expect, it } from 'vitest';
import { WsAuthorize } from '../authorization/ws-authorize.decorator.js';
import { WsThrottle } from '../throttling/ws-throttle.decorator.js';
import { enhancersAt, guardsOf, mayWait } from './enhancers.js';
import { takeInventory } from './gateway-inventory.js';

@WsAuthorize()
@WebSocketGateway()
class DecoratedGateway {
  @WsThrottle({ limit: 1, ttl: 1000 })
  @SubscribeMessage('act')
  act(): void {}
}

it('AZ-15 our own decorators are no guards of the application: nothing there could wait before the handler', async () => {
  const module = await Test.createTestingModule({ providers: [DecoratedGateway] }).compile();
  const [gateway] = takeInventory(module.get(ModulesContainer));
  const [handler] = gateway?.handlers ?? [];
  if (gateway === undefined || handler === undefined) throw new Error('The gateway was not found.');
  const config = module.get(ApplicationConfig);
  expect(enhancersAt(gateway, 'guards')).toEqual([]);
  expect(guardsOf(handler, config)).toEqual([]);
  expect(mayWait(handler, config)).toBe(false);
});
