import { createClient } from 'redis';

async function readAll(client: ReturnType<typeof open>): Promise<string> {
  const values: unknown[] = [];
  for (const key of await client.keys('*')) {
    const type = await client.type(key);
    // Not by DUMP, which compresses what it gives.
    if (type === 'string') values.push([key, await client.get(key)]);
    else if (type === 'hash') values.push([key, await client.hGetAll(key)]);
    else if (type === 'zset') values.push([key, await client.zRangeWithScores(key, 0, -1)]);
    else if (type === 'stream') values.push([key, await client.xRange(key, '-', '+')]);
    // One that has lapsed meanwhile is of no type.
    else if (type !== 'none') throw new Error(`A ${type} is not read.`);
  }
  return JSON.stringify(values);
}

function open(url: string) {
  return createClient({ url }).on('error', () => undefined);
}

/** Everything that stands in a server, as one text. @throws Error for a type of value that it cannot read. */
export async function redisContents(url: string): Promise<string> {
  const client = open(url);
  await client.connect();
  try {
    return await readAll(client);
  } finally {
    client.destroy();
  }
}
