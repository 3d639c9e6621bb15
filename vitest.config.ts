import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // What drives Firefox speaks through a WebSocket, which Node 20 keeps behind this.
    execArgv: 'WebSocket' in globalThis ? [] : ['--experimental-websocket'],
    globalSetup: ['test/helpers/system-parts.ts'],
    // Generous: these only end what hangs. Real servers and browsers on a busy machine of two cores are slow.
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
