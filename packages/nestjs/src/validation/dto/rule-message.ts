import type { ValidationArguments, ValidatorConstraintInterface } from 'class-validator';
import type { Constraint, RuleMetadata } from './dto-metadata.js';

/** The name of a rule, as class-validator reports it. */
export function ruleName(metadata: RuleMetadata, constraint?: Constraint): string {
  return constraint !== undefined && constraint.name !== '' ? constraint.name : metadata.type;
}

/** The arguments that class-validator hands to validators and messages. */
export function argumentsOf(metadata: RuleMetadata, object: object, value: unknown): ValidationArguments {
  return {
    value,
    constraints: metadata.constraints as unknown[],
    targetName: object.constructor.name,
    object,
    property: metadata.propertyName,
  };
}

/**
 * The message of a failed rule with its placeholders filled, as class-validator writes it. It may hold the value, so it
 * is for `detailedErrors` only.
 *
 * @returns `undefined` where there is none, or where making it throws.
 */
export function messageOf(
  metadata: RuleMetadata,
  constraint: Constraint | undefined,
  object: object,
  value: unknown,
): string | undefined {
  try {
    const args = argumentsOf(metadata, object, value);
    const { message } = metadata;
    const own: unknown = typeof message === 'function' ? message(args) : message;
    const template = own === undefined || own === '' ? defaultOf(constraint, args) : own;
    return typeof template === 'string' ? fill(template, args) : undefined;
  } catch {
    return undefined;
  }
}

function defaultOf(constraint: Constraint | undefined, args: ValidationArguments): string | undefined {
  const validator: ValidatorConstraintInterface | undefined = constraint?.instance;
  return validator?.defaultMessage?.(args);
}

// The replacements are functions: in a replacement string, a `$&` of the client's would be a pattern.
function fill(template: string, { constraints, value, property, targetName }: ValidationArguments): string {
  const listed: unknown[] = Array.isArray(constraints) ? constraints : [];
  return listed
    .reduce<string>(
      (text, constraint, index) => text.replaceAll(`$constraint${index + 1}`, () => show(constraint)),
      template,
    )
    .replaceAll('$value', (token) => (isPrimitive(value) ? String(value) : token))
    .replaceAll('$property', () => property)
    .replaceAll('$target', () => targetName);
}

function show(constraint: unknown): string {
  if (Array.isArray(constraint)) return constraint.join(', ');
  return typeof constraint === 'symbol' ? (constraint.description ?? '') : String(constraint);
}

function isPrimitive(value: unknown): value is string | number | boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}
