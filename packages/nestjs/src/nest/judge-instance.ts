import type { ArgumentMetadata, Type, ValidationPipe } from '@nestjs/common';
import { validate, type ValidationError, type ValidatorOptions } from 'class-validator';

/** What a `ValidationPipe` keeps to itself. */
interface PipeParts {
  readonly validatorOptions?: ValidatorOptions;
  readonly exceptionFactory: (errors: ValidationError[]) => unknown;
  toValidate(argument: ArgumentMetadata): boolean;
}

/** For which groups and version an object was validated. */
export interface JudgedSelection {
  readonly groups: readonly string[] | undefined;
  /** Whether a property of a class is there for others only, so that nobody has sent it. */
  readonly isForOthers: (type: unknown, property: string) => boolean;
}

/**
 * Judges an object as a `ValidationPipe` would, and transforms nothing: what a `@Transform` has made of a message is not
 * put through it once more (F11).
 *
 * One of another class is judged by the rules of the type alone. That it has more properties, its own class says. The groups
 * are those that the module has validated it for, and those of the pipe have no effect.
 *
 * @throws whatever the pipe throws for what it refuses.
 */
export async function judgeInstance(
  pipe: ValidationPipe,
  instance: object,
  type: Type,
  argument: ArgumentMetadata,
  selection: JudgedSelection,
): Promise<void> {
  const parts = pipe as unknown as PipeParts;
  if (!parts.toValidate({ ...argument, metatype: type })) return;
  const isOther = instance.constructor !== type;
  const judged = isOther ? Object.assign(Object.create(type.prototype as object) as object, instance) : instance;
  const { whitelist = false, forbidNonWhitelisted = false, ...options } = parts.validatorOptions ?? {};
  const { target = false, value = false, ...told } = options.validationError ?? {};
  const { groups } = selection;
  const found = await validate(judged, {
    ...options,
    // What has no group belongs to all, as in the module's own check.
    ...(groups === undefined ? { groups: [] } : { groups: [...groups], always: true, strictGroups: false }),
    ...(isOther ? {} : { whitelist, forbidNonWhitelisted }),
    // What was put into it as a plain object, nobody would judge.
    forbidUnknownValues: true,
    validationError: { ...told, value, target: true },
  });
  const errors = found.filter((error) => concerns(error, selection));
  // What an exception of the application tells of an error is not the message.
  if (!target) for (const error of errors) withoutTarget(error);
  if (errors.length > 0) throw await parts.exceptionFactory(errors);
}

/** Whether an error is one of what was validated: a property that is for others, and has no value, is none. */
function concerns(error: ValidationError, selection: JudgedSelection): boolean {
  const { target = {}, property, children = [] } = error;
  if (Reflect.get(target, property) === undefined && selection.isForOthers(target.constructor, property)) return false;
  if (children.length === 0) return true;
  error.children = children.filter((child) => concerns(child, selection));
  return error.children.length > 0 || error.constraints !== undefined;
}

function withoutTarget(error: ValidationError): void {
  delete error.target;
  for (const child of error.children ?? []) withoutTarget(child);
}
