import type { BootProblems } from '../../core/boot-problems.js';
import { hasTransform, typeMetadataOf } from '../../nest/transformer-storage.js';
import { DtoBuilder } from './dto-builder.js';
import { classesIn, type DtoClass, heldClassesOf, isValidatable, readProperties } from './dto-metadata.js';
import { inputRolesOf, isClosedTwice } from './ws-input-roles.decorator.js';

/** Each combination of them is a check of its own: 256 at most. */
const MAX_ROLES = 8;

/** The roles that open properties of a payload, in a fixed order; none where nothing in it is closed. */
export function inputRolesIn(type: unknown): readonly string[] {
  if (!isValidatable(type)) return [];
  const named = [...classesIn(type)].flatMap((each) => [...inputRolesOf(each).values()].flat());
  return [...new Set(named)].sort();
}

/**
 * Refuses what `@WsInputRoles()` cannot hold: names that are no roles, a property that nobody may send, one whose value code of
 * the application would see before anybody asked for the role, and a handler that everybody may call.
 */
export function checkInputRoles(type: DtoClass, where: string, isPublic: boolean, problems: BootProblems): void {
  const classes = classesIn(type);
  // What the module builds itself it takes by name, and looks at nothing else; class-transformer converts all that was sent.
  const isBuilt = [...classes].every((each) => DtoBuilder.compile(each, { inputRoles: [] }) !== undefined);
  for (const each of classes) {
    const properties = readProperties(each);
    for (const [name, roles] of inputRolesOf(each)) {
      const place = `${each.name}.${name}`;
      const property = properties.find((known) => known.name === name);
      if (isClosedTwice(each, name)) {
        problems.add(
          place,
          'has @WsInputRoles() twice, of which only the lower one would hold.',
          'name all roles in one',
        );
      }
      if (!areRoles(roles)) {
        problems.add(
          place,
          'names something in @WsInputRoles() that is no role: a role is a text that is not empty.',
          "@WsInputRoles('admin')",
        );
      } else if (property === undefined) {
        problems.add(
          place,
          'is closed by @WsInputRoles() and has no class-validator decorator: nobody may send it.',
          `add what it holds, such as @IsString(), or remove @WsInputRoles()`,
        );
      } else if (!isBuilt && runsCode(each, property.name)) {
        problems.add(
          place,
          'is closed by @WsInputRoles() and has @Transform(), @Type() or an accessor, which class-transformer runs for everybody, because the payload has other transformations.',
          'take the transformations out of the payload, or convert this property in the handler',
        );
      }
    }
  }
  for (const each of classes) checkHolders(each, problems);
  const roles = inputRolesIn(type);
  if (roles.length > MAX_ROLES) {
    problems.add(
      where,
      `takes ${type.name}, whose properties are closed by ${roles.length} roles: each combination of roles is a check of its own.`,
      `name no more than ${MAX_ROLES} roles in @WsInputRoles() of one payload`,
    );
  }
  if (isPublic && roles.length > 0) {
    problems.add(
      where,
      `is public and takes ${type.name}, which has properties that @WsInputRoles() closes: a public handler asks nobody who they are.`,
      'put @WsAuthorize() in the place of @WsPublic(), or take a DTO without such properties',
    );
  }
}

function checkHolders(type: DtoClass, problems: BootProblems): void {
  for (const [name, held] of openHoldersOf(type)) {
    problems.add(
      `${type.name}.${name}`,
      `holds ${held.name}, of which @WsInputRoles() closes properties, and is not always validated: they would be open to everybody.`,
      'add @ValidateNested(), and remove @ValidateIf()',
    );
  }
}

/**
 * The properties that hold a class with closed ones and are not always validated, each with the class: what nobody looks
 * into would be open.
 */
export function openHoldersOf(type: DtoClass): readonly (readonly [name: string, held: DtoClass])[] {
  return readProperties(type).flatMap(({ name, nested, record, conditions }) => {
    const held = heldClassesOf(type, name, record).find((each) => inputRolesIn(each).length > 0);
    const isAlways = conditions.every((condition) => condition.name === 'isOptional');
    const isJudged = isAlways && (nested.length > 0 || record !== undefined);
    return held === undefined || isJudged ? [] : [[name, held] as const];
  });
}

function areRoles(roles: readonly unknown[]): boolean {
  return roles.length > 0 && roles.every((role) => typeof role === 'string' && role !== '');
}

function runsCode(type: DtoClass, name: string): boolean {
  if (hasTransform(type, name) || typeMetadataOf(type, name) !== undefined) return true;
  for (let at = type.prototype as object | null; at !== null; at = Object.getPrototypeOf(at) as object | null) {
    if (Object.hasOwn(at, name)) return true;
  }
  return false;
}
