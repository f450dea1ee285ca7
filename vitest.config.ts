import { defineConfig } from 'vitest/config';

/** What `npm test` runs: no root, no server, no network beyond this process. */
export default defineConfig({
  // That parser names source maps which it does not ship: a hundred warnings.
  logLevel: 'error',
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // Many of the tests wait for processes; one worker for each core, not one fewer.
    maxWorkers: '100%',
    allowOnly: false,
    // GitHub's own parser of workflows imports JSON in a way that only a bundler takes.
    server: { deps: { inline: [/@actions\/(workflow-parser|expressions|languageservice)/] } },
  },
});
