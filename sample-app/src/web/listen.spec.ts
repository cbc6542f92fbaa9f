import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { listen } from './listen.js';

describe('listen', () => {
  it('returns the port that it got, and says what to do when one is taken', async () => {
    const [first, second] = [createServer(), createServer()];
    const port = await listen(first, 0, '127.0.0.1');
    expect(port).toBeGreaterThan(0);
    await expect(listen(second, port, '127.0.0.1')).rejects.toThrow(`Port ${port} is taken.`);
    first.close();
  });
});
