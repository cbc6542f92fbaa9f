/** The one file of class-transformer that holds its metadata; the package declares no types for it. */
declare module 'class-transformer/cjs/storage.js' {
  export const defaultMetadataStorage: unknown;
}
