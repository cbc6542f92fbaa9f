interface Check {
  check(sent: unknown): unknown;
}

/** The parts of `packages/nestjs/src/validation` and `src/boot` that are measured. */
export interface DtoCompiler {
  compilePayload(type: new () => object): Check;
  /** As it is where a guard stands on the gateway and a `ValidationPipe` behind it, which asks what was validated. */
  compileGuarded(type: new () => object): Check;
}

interface JudgedPayloads {
  watch(handler: object, parameter: object): void;
  remembering(handler: object, check: Check, selection: object): Check;
}

/** Loads the compiler of DTO checks, which the package does not export, from its build. */
export async function loadDtoCompiler(): Promise<DtoCompiler> {
  const entry = import.meta.resolve('@secure-ws/nestjs');
  const load = async (path: string): Promise<unknown> => import(new URL(path, entry).href);
  const { compilePayload } = (await load('validation/compile-payload.js')) as Pick<DtoCompiler, 'compilePayload'>;
  const boot = (await load('boot/judged-payloads.js')) as { readonly JudgedPayloads: new () => JudgedPayloads };
  return {
    compilePayload,
    compileGuarded: (type) => {
      const judged = new boot.JudgedPayloads();
      const handler = {};
      judged.watch(handler, {});
      return judged.remembering(handler, compilePayload(type), {});
    },
  };
}
