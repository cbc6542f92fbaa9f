import { describe, expect, it } from 'vitest';
import { checkCedarTexts } from './check-cedar-texts.js';
import { loadCedar } from './load-cedar.js';

const SCHEMA =
  'entity User;\nentity Photo = { size: Long };\naction view appliesTo { principal: [User], resource: [Photo] };';
const GOOD = 'permit(principal, action == Action::"view", resource);';

const check = (policies: string, schema = SCHEMA) => checkCedarTexts(loadCedar(), policies, schema);

describe('checkCedarTexts', () => {
  it('AZ-01 has nothing to say of policies that fit their schema', () => {
    expect(check(GOOD)).toEqual([]);
  });

  it.each<[string, string, string | undefined, 'policies' | 'schema', RegExp]>([
    ['policies that cannot be parsed', `${GOOD}\npermit(`, undefined, 'policies', /\.$/],
    ['a schema that cannot be parsed', GOOD, 'entity', 'schema', /\.$/],
    ['policies without a policy', '// none', undefined, 'policies', /^has no policy: nobody may do anything\.$/],
    ['a template', 'permit(principal == ?principal, action, resource);', undefined, 'policies', /^has a template/],
    [
      'an attribute that is not there',
      'permit(principal, action, resource) when { resource.x };',
      undefined,
      'policies',
      /\.$/,
    ],
    [
      'a forbid that can never apply',
      `${GOOD}\nforbid(principal is Photo, action, resource);`,
      undefined,
      'policies',
      /\.$/,
    ],
  ])('AZ-01 DP-02 complains of %s', (_, policies, schema, name, text) => {
    const problems = check(policies, schema);
    expect(problems[0]).toMatchObject({ name, problem: expect.stringMatching(text) as string });
  });

  it('DP-02 counts lines from one, by characters and not by bytes', () => {
    const problem = (policies: string) => check(policies)[0]?.problem;
    expect(problem('permit(principal, action, resource) when { resource.x };')).toContain('(line 1).');
    const comment = `// ${'ä'.repeat(80)}\n`;
    expect(problem(`${comment}${GOOD}\npermit(principal, action, resource) when { resource.x };`)).toContain(
      '(line 3).',
    );
  });

  it('DP-02 says all of what is wrong with either text', () => {
    expect(check('permit(', 'entity').map(({ name }) => name)).toEqual(['schema', 'policies']);
    const both =
      'permit(principal, action, resource) when { resource.x };\nforbid(principal, action, resource) when { resource.y };';
    expect(check(both).length).toBeGreaterThan(1);
  });
});
