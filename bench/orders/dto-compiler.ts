/** The part of `packages/nestjs/src/validation/compile-payload.ts` that is measured. */
export interface DtoCompiler {
  compilePayload(type: new () => object): { check(sent: unknown): unknown };
}

/** Loads the compiler of DTO checks, which the package does not export, from its build. */
export async function loadDtoCompiler(): Promise<DtoCompiler> {
  const entry = import.meta.resolve('@secure-ws/nestjs');
  return (await import(new URL('validation/compile-payload.js', entry).href)) as DtoCompiler;
}
