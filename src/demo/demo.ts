import type { Result, World } from '../commands/world.ts';
import type { RawOptions } from '../config/options.ts';

/** Placeholder until the demo is written. */
export function demo(_options: RawOptions, _world: World): Promise<Result> {
  throw new Error('the demo is not there yet');
}
