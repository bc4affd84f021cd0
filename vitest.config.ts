import { defineConfig } from 'vitest/config';

/** The inner loop: quick and pure. The real parts are in vitest.itg.config.ts. */
export default defineConfig({
  test: { include: ['test/**/*.test.ts'], exclude: ['test/**/*.itg.test.ts'], testTimeout: 20_000 },
});
