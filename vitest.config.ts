import { defineConfig } from 'vitest/config';

// Needs Node alone. What needs a real kube-apiserver lives in test/cluster and runs through vitest.cluster.config.ts.
export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'src/**/*.test.tsx', 'test/**/*.test.ts'],
    exclude: ['**/node_modules/**', 'test/cluster/**'],
    pool: 'forks',
    testTimeout: 20_000,
    env: { NO_COLOR: '1' },
    globalSetup: ['test/support/build-once.ts'],
  },
});
