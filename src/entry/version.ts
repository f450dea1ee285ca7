import { readFileSync } from 'node:fs';

const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');

/** As package.json says. */
export const toolVersion = (JSON.parse(text) as { version: string }).version;
