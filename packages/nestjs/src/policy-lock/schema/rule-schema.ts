import { type PlainValue, plainOf } from '../plain-value.js';

type RuleSchema = Readonly<Record<string, PlainValue>>;
type Describe = (constraints: readonly unknown[]) => RuleSchema | undefined;

const always =
  (schema: RuleSchema): Describe =>
  () =>
    schema;

const bound =
  (keyword: string): Describe =>
  ([value]) =>
    typeof value === 'number' ? { [keyword]: value } : undefined;

/** The rules of class-validator that JSON Schema has words for, by their names. */
const RULES: ReadonlyMap<string, Describe> = new Map([
  ['isString', always({ type: 'string' })],
  ['isBoolean', always({ type: 'boolean' })],
  ['isInt', always({ type: 'integer' })],
  ['isNumber', ([options]) => (isPlainNumber(options) ? { type: 'number' } : undefined)],
  ['isObject', always({ type: 'object' })],
  ['isArray', always({ type: 'array' })],
  ['isDefined', always({})],
  ['isPositive', always({ exclusiveMinimum: 0 })],
  ['isNegative', always({ exclusiveMaximum: 0 })],
  ['min', bound('minimum')],
  ['max', bound('maximum')],
  ['minLength', bound('minLength')],
  ['maxLength', bound('maxLength')],
  ['isLength', ([min, max]) => ({ ...bound('minLength')([min]), ...bound('maxLength')([max]) })],
  ['arrayMinSize', bound('minItems')],
  ['arrayMaxSize', bound('maxItems')],
  ['arrayNotEmpty', always({ minItems: 1 })],
  [
    'matches',
    ([pattern]) => (pattern instanceof RegExp && pattern.flags === '' ? { pattern: pattern.source } : undefined),
  ],
  ['isUuid', ([version]) => (version === undefined || version === 'all' ? { format: 'uuid' } : undefined)],
  ['isIn', ([values]) => (Array.isArray(values) ? { enum: plainOf(values) } : undefined)],
  ['isEnum', ([entity]) => (isObject(entity) ? { enum: plainOf([...new Set(Object.values(entity))]) } : undefined)],
]);

const TYPES: ReadonlyMap<string, string> = new Map([
  ...['minLength', 'maxLength', 'isLength', 'matches', 'isUuid'].map((name) => [name, 'string'] as const),
  ...['min', 'max', 'isPositive', 'isNegative'].map((name) => [name, 'number'] as const),
]);

/** The only type whose values a rule lets pass, for the rules that do not come with it in {@link ruleSchemaOf}. */
export function ruleTypeOf(name: string): string | undefined {
  return TYPES.get(name);
}

/** What a rule says in JSON Schema; `undefined` where that has no word for it. */
export function ruleSchemaOf(name: string, constraints: readonly unknown[]): RuleSchema | undefined {
  return RULES.get(name)?.(constraints);
}

function isPlainNumber(options: unknown): boolean {
  return options === undefined || (isObject(options) && Object.keys(options).length === 0);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
