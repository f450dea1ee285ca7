import type { KeepConfig, ObserveConfig } from '../config.ts';
import { defaulted, object } from '../shape/object.ts';
import { mapped, refuse, type Shape } from '../shape/shape.ts';
import { count, duration, time } from './values.ts';

const countMax = 1000;

export const observeDefaults: ObserveConfig = { passes: 3, everySeconds: 2, withinSeconds: 60 };

const observeKeys = object<{ passes: number; every: number; within: number }>({
  passes: defaulted(count(countMax), 'Rounds of all checks that must pass, one after another.',
    observeDefaults.passes),
  every: defaulted(duration, 'Time between two rounds.', observeDefaults.everySeconds),
  within: defaulted(duration, 'All of it, counted from the start of the service.',
    observeDefaults.withinSeconds),
}, { expects: 'the keys passes, every, within' });

export const observe: Shape<ObserveConfig> = mapped(observeKeys, (it, at) => {
  const least = (it.passes - 1) * it.every;
  if (least >= it.within) {
    return refuse(at, `can never pass: ${it.passes} rounds, one every ${it.every} s, take longer `
      + `than ${it.within} s`, 'Raise `within`, or lower `passes` or `every`.');
  }
  return { passes: it.passes, everySeconds: it.every, withinSeconds: it.within };
});

export const keepDefaults: KeepConfig = { releases: 3, rescues: 2, failed: 3 };

export const keep: Shape<KeepConfig> = object<KeepConfig>({
  releases: defaulted(count(countMax), 'Good releases beside the running one.',
    keepDefaults.releases),
  rescues: defaulted(count(countMax), 'Saved states of good releases.', keepDefaults.rescues),
  failed: defaulted(count(countMax, 0), 'Failed bundles, for investigation.',
    keepDefaults.failed),
}, { expects: 'the keys releases, rescues, failed' });

export const receiptSeconds = 604_800;

export const receipt: Shape<number> = mapped(object<{ expires: number }>({
  expires: defaulted(time({ example: '12h or 7d', daysMax: 365 }),
    'How old a receipt may be when a deployment shows it.', receiptSeconds),
}, { expects: 'the key expires' }), (it) => it.expires);

/** Of the window. */
export const budget: Shape<number> = duration;
