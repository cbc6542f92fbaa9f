import type { BootProblems } from '../core/boot-problems.js';
import { type DtoSelection, selectiveOptionsOf } from '../nest/transformer-storage.js';
import { classesIn, type DtoClass, isValidatable, readProperties, ruleGroupsOf } from './dto/dto-metadata.js';

/**
 * Reads for which groups and version a handler takes a DTO class, and refuses what would be ignored or let through: a group
 * or a version that nothing in the DTO knows, and a DTO with groups or versions of which none was named, which would pass the
 * properties of all of them (MV-03).
 *
 * @param type the declared class; `undefined` for a schema or a primitive, which know no groups.
 * @param options what `@WsPayload` was given.
 * @returns `undefined` where a problem was found.
 */
export function readSelection(
  type: DtoClass | undefined,
  options: unknown,
  where: string,
  problems: BootProblems,
): DtoSelection | undefined {
  const selection = wellFormed(options, where, problems);
  if (selection === undefined) return undefined;
  if (type === undefined) {
    if (selection.groups === undefined && selection.version === undefined) return selection;
    problems.add(
      where,
      'names groups or a version, and its payload is no DTO class: nothing would look at them.',
      'remove { groups, version } from @WsPayload()',
    );
    return undefined;
  }
  const { name } = type;
  const classes = [...classesIn(type)];
  const before = problems.problems.length;
  checkGroups(type, classes, selection.groups, where, problems);
  checkVersion(type, classes, selection.version, where, problems);
  if (problems.problems.length > before) return undefined;
  if (isValidatable(type, selection)) return selection;
  problems.add(
    where,
    `takes ${name}, which has no rule in the groups ${listed(selection.groups ?? [])}: every payload is refused.`,
    'name a group that has rules, or give rules no group: those belong to all',
  );
  return undefined;
}

function wellFormed(options: unknown, where: string, problems: BootProblems): DtoSelection | undefined {
  if (options === undefined) return {};
  const isObject = typeof options === 'object' && options !== null && !Array.isArray(options);
  const { groups, version, ...others } = (isObject ? options : { options }) as Record<string, unknown>;
  if (Array.isArray(groups) && groups.length === 0) {
    problems.add(
      where,
      'has an empty list of groups in @WsPayload(), which class-validator takes for all of them.',
      "name a group, also for what belongs to no other: @WsPayload(TheDto, { groups: ['create'] }), and 'create' in the DTO; or a class of its own",
    );
    return undefined;
  }
  const isRight =
    Object.keys(others).length === 0 &&
    (groups === undefined || isGroupList(groups)) &&
    (version === undefined || (Number.isFinite(version) && (version as number) > 0));
  if (!isRight) {
    problems.add(
      where,
      'has wrong options in @WsPayload(): it takes { groups }, a list of different names, and { version }, a number above 0.',
      "@WsPayload(TheDto, { groups: ['create'], version: 2 })",
    );
    return undefined;
  }
  return Object.freeze({
    ...(groups === undefined ? {} : { groups: Object.freeze([...groups]) }),
    ...(version === undefined ? {} : { version: version as number }),
  });
}

function isGroupList(value: unknown): value is string[] {
  if (!Array.isArray(value) || value.length === 0 || new Set(value).size < value.length) return false;
  return value.every((group) => typeof group === 'string' && group !== '');
}

function checkGroups(
  type: DtoClass,
  classes: readonly DtoClass[],
  groups: readonly string[] | undefined,
  where: string,
  problems: BootProblems,
): void {
  const ofRules = new Set(classes.flatMap((each) => ruleGroupsOf(each)));
  if (groups === undefined) {
    if (ofRules.size === 0) return;
    const [first = ''] = ofRules;
    problems.add(
      where,
      `takes ${type.name}, whose rules have the groups ${listed(ofRules)}, and names none: rules and properties of all of them would count.`,
      `add @WsPayload(${type.name}, { groups: ['${first}'] }) above @SubscribeMessage`,
    );
    return;
  }
  const known = new Set([...ofRules, ...selectiveOptions(classes).flatMap(([, { groups: names = [] }]) => names)]);
  for (const group of groups) {
    if (known.has(group)) continue;
    const others = known.size === 0 ? 'has no groups' : `has the groups ${listed(known)}`;
    problems.add(
      where,
      `names the group '${group}', which nothing in ${type.name} belongs to.`,
      `name a group of the DTO in @WsPayload(); ${type.name} ${others}`,
    );
  }
}

function checkVersion(
  type: DtoClass,
  classes: readonly DtoClass[],
  version: number | undefined,
  where: string,
  problems: BootProblems,
): void {
  const versioned = selectiveOptions(classes).filter(
    ([, { since, until }]) => since !== undefined || until !== undefined,
  );
  for (const [property, { since = 0, until = Infinity }] of versioned) {
    if (since < until) continue;
    problems.add(
      property,
      `is there since version ${since} and until ${until}: in none.`,
      `let since be below until, or remove ${property}`,
    );
  }
  if (version !== undefined && versioned.length === 0) {
    problems.add(
      where,
      `names the version ${version}, and nothing in ${type.name} has versions.`,
      `add @Expose({ since: ${version} }) to what is new in ${type.name}, or remove the version`,
    );
  } else if (version === undefined && versioned[0] !== undefined) {
    problems.add(
      where,
      `takes ${type.name}, which has versions (${versioned[0][0]}), and names none: the properties of all of them would pass.`,
      `add @WsPayload(${type.name}, { version: 1 }) above @SubscribeMessage`,
    );
  }
}

function selectiveOptions(
  classes: readonly DtoClass[],
): (readonly [property: string, ReturnType<typeof selectiveOptionsOf>[number]])[] {
  return classes.flatMap((type) =>
    readProperties(type).flatMap(({ name }) =>
      selectiveOptionsOf(type, name).map((options) => [`${type.name}.${name}`, options] as const),
    ),
  );
}

function listed(names: Iterable<string>): string {
  return [...names].map((name) => `'${name}'`).join(', ');
}
