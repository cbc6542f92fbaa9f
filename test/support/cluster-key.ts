import { randomBytes } from 'node:crypto';

/** What the nodes of a test share. */
export const CLUSTER_KEY = randomBytes(32).toString('base64url');
