import type { Command } from '../command/command.ts';
import { render } from '../command/render.ts';
import type { Config } from '../config/config.ts';

export interface StagingAddress {
  readonly destination: string;
  readonly port: number | undefined;
}

/** How production's own ssh reaches staging; undefined where staging is no host of its own. */
export function stagingAddress(config: Config): StagingAddress | undefined {
  const { staging } = config.hosts;
  return staging?.kind === 'ssh' ? staging : undefined;
}

/** DESTINATION, PORT and RATE of src/copy/surroundings.sh. */
export function directWords(address: StagingAddress, rateMax: number | undefined): string[] {
  return [address.destination, dash(address.port), dash(rateMax)];
}

/** The words that send the stream of `copy` (WAY and the verb) into `receive` on staging. */
export function sendDirect(
  address: StagingAddress, rateMax: number | undefined,
  ends: { readonly copy: readonly string[]; readonly receive: Command },
): string[] {
  return ['send_direct', ...directWords(address, rateMax), render(ends.receive), ...ends.copy];
}

function dash(value: number | undefined): string {
  return value === undefined ? '-' : String(value);
}
