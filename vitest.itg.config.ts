import { defineConfig } from 'vitest/config';

/** Real QEMU, real guests, a GitHub emulator, and the committed dist/. One file at a time: guests share two cores. */
export default defineConfig({
  test: {
    include: ['test/**/*.itg.test.ts'],
    testTimeout: 600_000,
    hookTimeout: 600_000,
    fileParallelism: false,
    bail: 0,
  },
});
