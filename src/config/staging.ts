/** The configuration for staging's host; see parse.ts. */
export { parseStagingConfig } from './parse.ts';
