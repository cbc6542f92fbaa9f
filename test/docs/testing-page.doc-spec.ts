import { expect, it } from 'vitest';
import { boot, example } from './example.js';

await example('testing/setup.ts');
// These examples are tests themselves, and run as a reader would run them.
await example('testing/orders.e2e-spec.ts');
await example('testing/clock.e2e-spec.ts');
await example('testing/owner.spec.ts');
await example('testing/leaks.e2e-spec.ts');

it('F45 testing/page.ts connects as a page', async () => {
  const { connectAsPage } = await example('testing/page.ts', 'connectAsPage');
  const { OrdersModule } = await example('testing/orders.module.ts', 'OrdersModule');
  expect(await (connectAsPage as (app: unknown) => Promise<string>)(await boot(OrdersModule))).toBe('json.v1');
});
