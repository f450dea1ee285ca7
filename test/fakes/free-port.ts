import { randomBytes } from 'node:crypto';
import { freePort as freePortOf } from '../../src/demo/web.ts';

/** Of 127.0.0.1, where nobody listened a moment ago; none that an outgoing connection may take. */
export async function freePort(): Promise<number> {
  return await freePortOf((bytes) => randomBytes(bytes).toString('hex'));
}
