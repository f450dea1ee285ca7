import type { Config } from '../config/config.ts';
import type { HostFacts } from '../facts/host-facts.ts';
import { gatherParity } from '../facts/parity.ts';
import { withItems, type ParityFacts } from '../facts/parse-parity.ts';
import type { Transport } from '../host/transport.ts';

interface Told {
  readonly config: Config;
  readonly facts: HostFacts;
  /** Which items of a state count; default all. */
  readonly known?: (label: string, item: string) => boolean;
}

/** What a host is like, with what its databases tell of themselves. */
export async function parityOf(transport: Transport, told: Told & { readonly salt: string }):
Promise<ParityFacts> {
  return withStates(await gatherParity(transport, told.config, told.salt), told);
}

export function withStates(parity: ParityFacts, { config, facts, known }: Told): ParityFacts {
  return config.state.reduce((told, state, index) => {
    const label = `state${index + 1}`;
    const found = [...facts.states.get(label)?.parity ?? []]
      .filter(([item]) => known?.(label, item) ?? true);
    return found.length === 0 ? told : withItems(told, state.name, new Map(found));
  }, parity);
}
