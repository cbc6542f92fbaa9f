/** A file of the package: for what is found from there, such as an optional peer, or files that lie beside it. */
export declare const PACKAGE_PLACE: string;
