import { connect, testIdentity } from '@secure-ws/nestjs/testing';
import { Client, Pool } from 'pg';
import { expect, it, onTestFinished } from 'vitest';
import { guideBlock } from '../support/guide-page.js';
import { sharedPostgres } from '../support/postgres-server.js';
import { around, boot, example } from './example.js';

const postgres = sharedPostgres();

async function run(user: string, database: string, ...statements: string[]): Promise<void> {
  const client = new Client({ connectionString: postgres().url(user, database) });
  await client.connect();
  for (const statement of statements) await client.query(statement);
  await client.end();
}

it('AZ-04 authorization/own-rows.gateway.ts shows everybody the own rows, on connections that others have had', async () => {
  const { OwnOrdersGateway, OrdersTable, OnlyOwnRows } = await example(
    'authorization/own-rows.gateway.ts',
    ...(['OwnOrdersGateway', 'OrdersTable', 'OnlyOwnRows'] as const),
  );
  await run('postgres', 'postgres', 'CREATE ROLE shop LOGIN', 'CREATE DATABASE shop OWNER shop');
  await run('postgres', 'shop', 'ALTER SCHEMA public OWNER TO shop');
  const rows = "INSERT INTO orders VALUES (1, 'alice'), (2, 'bob'), (3, 'alice')";
  await run(
    'shop',
    'shop',
    'CREATE TABLE orders (id int, owner_id text)',
    rows,
    guideBlock('authorization.md', 'rows.sql'),
  );
  const pool = new Pool({ connectionString: postgres().url('shop', 'shop'), max: 1 });
  onTestFinished(() => pool.end());
  const app = await boot(around([OwnOrdersGateway, OrdersTable, OnlyOwnRows, { provide: Pool, useValue: pool }]));
  const expected = { alice: [{ id: 1 }, { id: 3 }], bob: [{ id: 2 }], "' OR true --": [], alice2: [] };
  for (const [id, orders] of [...Object.entries(expected), ...Object.entries(expected)]) {
    await using client = await connect(app, { path: '/own-orders', as: testIdentity({ id }) });
    expect(await client.request('order.list')).toMatchObject({ data: { orders } });
    expect((await pool.query('SELECT id FROM orders')).rows).toEqual([]);
  }
});
