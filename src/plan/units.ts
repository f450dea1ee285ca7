import type { Config } from '../config/config.ts';
import { unitsOf } from '../facts/gather.ts';
import type { HostFacts } from '../facts/host-facts.ts';

/** Units that the application consists of, and those that its timers and paths start. */
export interface Units {
  readonly own: readonly string[];
  /** Not started by us, but kept from being started while a transaction is unfinished. */
  readonly triggered: readonly string[];
}

export function unitsToGuard(config: Config, facts: HostFacts): Units {
  const own = unitsOf(config);
  const triggered = own.flatMap((unit) => facts.units.get(unit)?.triggers ?? []);
  return { own, triggered: [...new Set(triggered)].filter((unit) => !own.includes(unit)) };
}
