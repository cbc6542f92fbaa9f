import { AbilityBuilder, createMongoAbility } from '@casl/ability';
import { describe, expect, it } from 'vitest';
import { ActionRules } from './action-rules.js';

class Article {
  constructor(
    readonly authorId: string,
    readonly isPublished = false,
  ) {}
}

/** As Mongoose names its models. */
class Draft {
  static readonly modelName = 'Article';
  readonly text = '';
}

type Define = (builder: Pick<AbilityBuilder<ReturnType<typeof createMongoAbility>>, 'can' | 'cannot'>) => void;

function abilityOf(define: Define) {
  const { can, cannot, build } = new AbilityBuilder(createMongoAbility);
  define({ can, cannot });
  return build();
}

const rulesOf = (define: Define, action = 'update') => new ActionRules(abilityOf(define), action, 'Article', 'MayEdit');

const own = new Article('alice');
const others = new Article('bob');

describe('ActionRules', () => {
  it.each<[string, Define, readonly string[], boolean, boolean]>([
    ['no rule', () => {}, [], false, false],
    ['a rule without conditions', ({ can }) => can('update', 'Article'), [], true, true],
    ['a rule of another action', ({ can }) => can('read', 'Article'), [], false, false],
    ['a rule of another type', ({ can }) => can('update', 'Comment'), [], false, false],
    ['a rule for everything', ({ can }) => can('manage', 'all'), ['title'], true, true],
    ['a condition', ({ can }) => can('update', 'Article', { authorId: 'alice' }), [], true, false],
    [
      'a later prohibition',
      ({ can, cannot }) => (can('update', 'Article'), cannot('update', 'Article', { authorId: 'bob' })),
      [],
      true,
      false,
    ],
    [
      'an earlier prohibition',
      ({ can, cannot }) => (cannot('update', 'Article'), can('update', 'Article', { authorId: 'alice' })),
      [],
      true,
      false,
    ],
    ['the field of a rule', ({ can }) => can('update', 'Article', ['title', 'text']), ['title', 'text'], true, true],
    [
      'a field beside those of a rule',
      ({ can }) => can('update', 'Article', ['title']),
      ['title', 'owner'],
      false,
      false,
    ],
    [
      'a field that is prohibited',
      ({ can, cannot }) => (can('update', 'Article'), cannot('update', 'Article', ['owner'])),
      ['owner'],
      false,
      false,
    ],
    [
      'fields that stand under a condition',
      ({ can }) => can('update', 'Article', ['title'], { authorId: 'alice' }),
      ['title'],
      true,
      false,
    ],
  ])('AZ-04 AZ-07 judges by %s', (_, define, fields, mine, theirs) => {
    const rules = rulesOf(define);
    expect([rules.allow(own, fields), rules.allow(others, fields)]).toEqual([mine, theirs]);
  });

  it('AZ-07 knows whether a rule is about some fields only', () => {
    expect(rulesOf(({ can }) => can('update', 'Article')).haveFields).toBe(false);
    expect(rulesOf(() => {}).haveFields).toBe(false);
    expect(rulesOf(({ can }) => (can('update', 'Article'), can('update', 'Article', ['title']))).haveFields).toBe(true);
    expect(rulesOf(({ can }) => can('read', 'Article', ['title'])).haveFields).toBe(false);
  });

  it('AZ-04 lists the rules of its action and type, the most important first', () => {
    const rules = rulesOf(({ can, cannot }) => {
      can('update', 'Article');
      can('read', 'Article');
      can('update', 'Comment');
      cannot('update', 'Article', { isPublished: true });
    });
    expect(rules.list().map(({ inverted, conditions }) => ({ inverted, conditions: conditions as unknown }))).toEqual([
      { inverted: true, conditions: { isPublished: true } },
      { inverted: false, conditions: undefined },
    ]);
  });

  it.each<[string, unknown]>([
    ['a promise', Promise.resolve(true)],
    ['undefined', undefined],
    ['a number', 1],
  ])('AZ-09 throws where the conditions matcher answers %s', (_, answer) => {
    const ability = createMongoAbility([{ action: 'update', subject: 'Article', conditions: { any: 1 } }], {
      conditionsMatcher: () => () => answer as boolean,
    });
    const rules = new ActionRules(ability, 'update', 'Article', 'MayEdit');
    expect(() => rules.allow(own, [])).toThrow(
      'MayEdit: the conditions matcher of the ability answered neither true nor false.',
    );
  });

  const empty = abilityOf(() => {});
  it.each<[string, unknown, unknown, unknown, string]>([
    ['no ability', undefined, 'update', 'Article', 'MayEdit: CaslAbilities.abilityOf() answered no ability.'],
    ['what is no ability', { can: () => true }, 'update', 'Article', 'answered no ability.'],
    ['an empty action', empty, '', 'Article', 'MayEdit: action and subjectType must not be empty.'],
    ['no action', empty, undefined, 'Article', 'must not be empty.'],
    ['an empty type', empty, 'update', '', 'must not be empty.'],
    ['no type', empty, 'update', undefined, 'must not be empty.'],
  ])('AZ-09 throws for %s', (_, ability, action, type, text) => {
    expect(() => new ActionRules(ability as never, action as never, type as never, 'MayEdit')).toThrow(TypeError);
    expect(() => new ActionRules(ability as never, action as never, type as never, 'MayEdit')).toThrow(text);
  });

  it.each<[string, Define, string | typeof Article, string | undefined]>([
    ['one text everywhere', ({ can }) => can('update', 'Article'), 'Article', undefined],
    ['one class everywhere', ({ can }) => can('update', Article as unknown as string), Article, undefined],
    ['other types beside it', ({ can }) => can('update', ['Comment', 'all']), 'Article', undefined],
    [
      'a class where the policy has its name',
      ({ can, cannot }) => (can('update', 'Article'), cannot('update', Article as unknown as string)),
      'Article',
      "MayEdit: its subjectType is 'Article', and a rule names the class Article: write one of the two everywhere.",
    ],
    [
      'a name where the policy has its class',
      ({ can }) => can('update', 'Article'),
      Article,
      "its subjectType is the class Article, and a rule names 'Article'",
    ],
    [
      'a name in a list of types',
      ({ can }) => can('update', ['Comment', 'Article']),
      Article,
      "a rule names 'Article'",
    ],
    [
      'a model of the same name',
      ({ can }) => can('update', Draft as unknown as string),
      'Article',
      'a rule names the class Draft',
    ],
  ])('AZ-04 takes one spelling of a type: %s', (_, define, type, text) => {
    const make = () => new ActionRules(abilityOf(define), 'update', type, 'MayEdit');
    if (text === undefined) expect(make).not.toThrow();
    else expect(make).toThrow(text);
  });
});
