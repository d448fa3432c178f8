import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    // Namespace tests share two cores and one kernel; side by side they would disturb each other's counts.
    fileParallelism: false,
    // On a machine that others load, a namespace or a deadline can come late once. What needed a second try is listed at the end of the run.
    retry: process.env.CI ? 1 : 0,
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
})
