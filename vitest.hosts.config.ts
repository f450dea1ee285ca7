import { defineConfig } from 'vitest/config';

/** What `npm run test:hosts` runs: real hosts in network namespaces; root and Debian packages. */
export default defineConfig({
  // That parser names source maps which it does not ship: a hundred warnings.
  logLevel: 'error',
  test: {
    include: ['test/**/*.hosts.ts'],
    testTimeout: 180_000,
    hookTimeout: 180_000,
    // Hosts wait for each other most of the time; each lab has its own numbers and names.
    maxWorkers: 2,
    allowOnly: false,
    globalSetup: ['test/hosts/prerequisites.ts'],
    // GitHub's own parser of workflows imports JSON in a way that only a bundler takes.
    server: { deps: { inline: [/@actions\/(workflow-parser|expressions|languageservice)/] } },
  },
});
