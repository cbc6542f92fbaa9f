import { describe, expect, it } from 'vitest';
import { StartedParts } from './started-parts.js';

describe('StartedParts', () => {
  it('MO-10 ends what has begun, the last one first, and once', () => {
    const parts = new StartedParts();
    const said: string[] = [];
    for (const name of ['a', 'b']) {
      parts.add(() => {
        said.push(`${name} begins`);
        return () => said.push(`${name} ends`);
      });
    }
    parts.end();
    parts.begin();
    parts.end();
    parts.end();
    expect(said).toEqual(['a begins', 'b begins', 'b ends', 'a ends']);
  });

  it('MO-10 ends what had begun where another one throws', () => {
    const parts = new StartedParts();
    const ended: string[] = [];
    parts.add(() => () => ended.push('a'));
    parts.add(() => {
      throw new Error('taken');
    });
    expect(() => parts.begin()).toThrow('taken');
    expect(ended).toEqual(['a']);
  });
});
