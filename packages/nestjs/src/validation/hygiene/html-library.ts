import type Library from 'sanitize-html';

type SanitizeHtmlLibrary = typeof Library;

let loading: Promise<void> | undefined;
let library: SanitizeHtmlLibrary | undefined;

/**
 * Begins to load `sanitize-html`, an optional peer: only an application with a `@SanitizeHtml()` has to install it. The
 * module waits for it before it checks the gateways.
 */
export function requestHtmlLibrary(): void {
  loading ??= import('sanitize-html').then(
    (loaded) => {
      library = loaded.default;
    },
    // That it is missing is said at boot, with the property that needs it.
    () => undefined,
  );
}

/** Resolves when what was requested has been loaded, or cannot be. */
export async function htmlLibraryLoaded(): Promise<void> {
  await loading;
}

/** The library; `undefined` where it is not there. */
export function htmlLibrary(): SanitizeHtmlLibrary | undefined {
  return library;
}
