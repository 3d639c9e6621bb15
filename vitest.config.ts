import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/helpers/system-parts.ts'],
    // Generous: these only end what hangs. Real servers and browsers on a busy machine of two cores are slow.
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
