import { defineConfig } from 'vitest/config';

/** What `npm run test:hosts` runs: real hosts in network namespaces; root and Debian packages. */
export default defineConfig({
  test: {
    include: ['test/**/*.hosts.ts'],
    testTimeout: 180_000,
    hookTimeout: 180_000,
    fileParallelism: false,
    allowOnly: false,
    globalSetup: ['test/hosts/prerequisites.ts'],
  },
});
