import { defineConfig } from 'vitest/config';

// Started by scripts/test-cluster.mjs, which builds what these tests run.
export default defineConfig({
  test: {
    include: ['test/cluster/**/*.test.ts'],
    pool: 'forks',
    // Each file starts an API server of its own, and electors feel every busy core.
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 60_000,
    // Rounds side by side: electors mostly sleep.
    maxConcurrency: 40,
    env: { NO_COLOR: '1' },
    globalSetup: ['test/support/build-once.ts'],
  },
});
