/** Keys of a later version: key -> what is so without it. */
export type LaterKeys = Readonly<Record<string, string>>;

/**
 * The one table of keys that are planned and do nothing yet. They are refused by name: a key
 * that is silently ignored is a promise that is silently broken.
 */
export const later = {
  file: {
    settings: 'Settings are not carried over: keep them in `install.shared`.',
    neighbours: 'Other services on the host are not probed: add a check of your own.',
    environments: 'All hosts stand under `hosts`.',
  },
  install: {
    settings: 'Settings are not carried over: keep them in `install.shared`.',
  },
  service: {
    restart: 'A service is stopped and started.',
    test: 'Test the configuration at the beginning of the `start` command.',
  },
  migrate: {
    irreversible: 'Every migration is undone by swapping the saved state back.',
  },
  migratePhase: {
    before: 'Every migration runs inside the window.',
    after: 'Every migration runs inside the window.',
  },
} as const satisfies Record<string, LaterKeys>;
