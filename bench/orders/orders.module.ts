import { type DynamicModule, Module } from '@nestjs/common';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { SecureWsModule, type SecureWsOptions, WsAuthorize, WsResource, WsThrottle } from '@secure-ws/nestjs';
import { AccountOwner } from './account-owner.policy.js';
import { Accounts, type Account } from './accounts.js';
import { EVENT_THROTTLE } from './event-throttle.js';
import { TRADER_ROLE } from './identity.js';
import { PlaceOrder, type OrderPlaced } from './place-order.js';
import { secureWsOptions } from './secure-ws-options.js';

@WebSocketGateway({ path: '/orders' })
class OrdersGateway {
  @WsAuthorize(AccountOwner, { roles: [TRADER_ROLE] })
  @WsThrottle(EVENT_THROTTLE)
  @SubscribeMessage('order.place')
  place(@MessageBody() order: PlaceOrder, @WsResource() account: Account): OrderPlaced {
    if (account.id !== order.accountId) throw new Error('The policy granted another account than the order names.');
    return { event: 'order.placed', data: order };
  }
}

/** The application under @secure-ws/nestjs, with every check on. Limits are higher than the load of a benchmark, and counted all the same. */
@Module({})
export class OrdersModule {
  /** With options beside those of every benchmark. */
  static with(more: Partial<SecureWsOptions> = {}): DynamicModule {
    return {
      module: OrdersModule,
      imports: [SecureWsModule.forRoot({ ...secureWsOptions(), ...more })],
      providers: [Accounts, AccountOwner, OrdersGateway],
    };
  }
}
