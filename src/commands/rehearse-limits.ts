import type { Config } from '../config/config.ts';

/** What staging could not do as production will, each as one sentence. */
export function cannotRehearse(config: Config): string[] {
  const { staging, state, maintenance } = config;
  const replaced = staging.instead.map(({ of, use }) =>
    `Staging has ${JSON.stringify(use)} where production has ${JSON.stringify(of)}.`);
  const saved = state.filter((it) => it.copyFrom.kind !== 'live').map((it) =>
    `${it.name} was taken from ${words[it.copyFrom.kind]}, not from what serves now.`);
  return [
    'Letting users in was not rehearsed: a rehearsal turns back before it.',
    ...(maintenance.kind === 'commands'
      ? ['What the maintenance commands do in front of real users was not seen.'] : []),
    ...(state.length < 2 ? []
      : [`Each state is of one instant, but not of the same one: ${state.map((it) => it.name)
        .join(', ')} were copied one after the other.`]),
    ...(staging.overlay === undefined ? []
      : [`Staging's own settings were laid over the copy (${staging.overlay}).`]),
    ...(staging.sameHost === undefined ? []
      : ['What is written outside of the declared paths cannot be told on one machine with ' +
        'production.']),
    ...(staging.isolation.kind === 'none'
      ? [`The copy was not cut off from the network: ${staging.isolation.reason}.`] : []),
    ...replaced,
    ...saved,
  ];
}

const words = { live: 'what serves', 'last-saved': 'what it saved last', backup: 'a backup',
  standby: 'a standby' } as const;
