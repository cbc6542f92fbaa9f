import 'reflect-metadata';
import { Expose } from 'class-transformer';
import { describe, expect, it, vi } from 'vitest';
import { createPrincipal } from '../core/principal.js';
import { Outputs } from './outputs.js';

class Notice {
  @Expose() text!: string;
  @Expose({ groups: ['auditor'] }) salary?: number;
}

class Wrong {
  @Expose() text!: number;
}

const who = (...roles: readonly string[]) => ({
  id: roles.join(),
  principal: createPrincipal({ kind: 'jwt', issuer: 'test', id: 'alice', authenticatedAt: 0, roles }),
});

function open() {
  const emit = vi.fn<() => void>();
  const write = vi.fn<() => void>();
  const options = { undeclaredReplies: 'allow', undeclaredFields: 'drop' };
  const outputs = new Outputs(...([options, { emit }, { write }] as unknown as ConstructorParameters<typeof Outputs>));
  return { outputs, emit };
}

describe('what is sent to many', () => {
  it.each([
    ['first', ['auditor', 'user', 'guest']],
    ['between the others', ['user', 'auditor', 'guest']],
    ['last', ['user', 'guest', 'auditor']],
  ])('OD-04 AZ-07 what does not fit for one role reaches the others: %s', (_place, order) => {
    const { outputs, emit } = open();
    const viewFor = outputs.prepare('send', 'notice', { text: 'hello', salary: 'not yet known' }, { as: Notice });
    const got = order.map((role) => [role, viewFor(who(role))?.data]);
    expect(Object.fromEntries(got)).toEqual({
      auditor: undefined,
      user: { text: 'hello' },
      guest: { text: 'hello' },
    });
    expect(emit).toHaveBeenCalledTimes(1);
  });

  it('OD-04 what fits for nobody is told once', () => {
    const { outputs, emit } = open();
    const viewFor = outputs.prepare('send', 'notice', { text: 'hello' }, { as: Wrong });
    expect(['user', 'guest'].map((role) => viewFor(who(role)))).toEqual([undefined, undefined]);
    expect(emit).toHaveBeenCalledTimes(1);
  });
});
