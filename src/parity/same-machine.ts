import type { Problem } from '../errors.ts';
import type { BothFacts } from './compare.ts';

/**
 * The fence: why staging may be production itself, or undefined where they are two machines.
 * Both must have been asked under one salt. A machine that tells nothing of itself is no other one.
 */
export function sameMachine({ production, staging }: BothFacts): Problem | undefined {
  const of = (facts: typeof production, item: string): string | undefined =>
    facts.items.get('identity')?.get(item);
  const equal = (item: string): boolean | undefined => {
    const one = of(production, item);
    const other = of(staging, item);
    return one === undefined || other === undefined ? undefined : one === other;
  };
  const sameId = equal('machine-id');
  const sameBoot = equal('boot-id');
  if (sameId === false) return undefined;
  if (sameId === true) {
    return sameBoot === false ? {
      message: 'staging has the machine id of production: it is a clone of it, or it is production',
      fix: 'On a clone, as root: rm /etc/machine-id && systemd-machine-id-setup, and boot it. ' +
        'Nothing was touched.',
    } : oneHost;
  }
  if (sameBoot === false) return undefined;
  return sameBoot === true ? oneHost : {
    message: 'it cannot be told whether staging and production are two machines: one of them has ' +
      'neither a machine id nor a boot id that can be read',
    fix: 'Create /etc/machine-id on both (systemd-machine-id-setup), or say in staging.same-host ' +
      'why they may be one machine.',
  };
}

const oneHost: Problem = {
  message: 'staging is the same machine as production',
  fix: 'A rehearsal stops and replaces what runs on staging. Correct hosts.staging, or say in ' +
    'staging.same-host why they may be one machine. Nothing was touched.',
};
