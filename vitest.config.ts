import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { ViteUserConfig } from 'vitest/config';

const src = (file: string): string => fileURLToPath(new URL(`src/${file}`, import.meta.url));

/** Specs whose files run in the same worker without modules of their own. */
const SHARED = ['spec/server/**/*.spec.ts'];

const config: ViteUserConfig = {
  // Node 20 has no `using` of its own.
  oxc: { target: 'node20' },
  resolve: {
    alias: [
      { find: /^corosock$/, replacement: src('index.ts') },
      { find: /^corosock\/client$/, replacement: src('client/index.ts') },
      { find: /^corosock\/ipc$/, replacement: src('ipc/index.ts') },
      { find: /^corosock\/nats$/, replacement: src('nats/index.ts') },
      { find: /^corosock\/redis$/, replacement: src('redis/index.ts') },
      { find: /^corosock\/testing$/, replacement: src('testing/index.ts') },
      { find: /^#platform$/, replacement: src('platform/node.ts') },
      // The copy that graphql-ws loads: two of them refuse each other's schemas.
      { find: /^graphql$/, replacement: createRequire(import.meta.url).resolve('graphql') },
    ],
  },
  test: {
    // To load src/ once for each file is two thirds of what the specs of server/ cost. They share the
    // modules of their worker: what one of them leaves behind would be seen by the next.
    projects: [
      { extends: true, test: { name: 'shared', include: SHARED, isolate: false } },
      { extends: true, test: { name: 'alone', include: ['spec/**/*.spec.ts'], exclude: SHARED } },
    ],
    // A thread of its own for each file. With processes, a busy machine now and then ends the
    // whole run with `write EPIPE` (vitest #9014, mended in 5, which needs Node 22).
    pool: 'threads',
    // Vitest would keep a core to itself: on two cores one worker would run all files in turn.
    maxWorkers: '100%',
    // The workers share the cores with programs that specs start: a bound, not a measure.
    testTimeout: 20_000,
    // Node 20 has the WebSocket of the web behind a flag.
    execArgv: Number.parseInt(process.versions.node, 10) < 22 ? ['--experimental-websocket'] : [],
    // A browser takes its second; what takes several is worth a line.
    slowTestThreshold: 3000,
    // The counts, for who wants to read them: `.ci/run`.
    reporters: ['default', 'json'],
    outputFile: { json: 'coverage/specs.json' },
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      reporter: ['text-summary', 'html'],
      thresholds: {
        'src/core/**': { branches: 100 },
        'src/structures/**': { branches: 100 },
        'src/waiting/**': { branches: 100 },
        'src/time/**': { branches: 100 },
        'src/transport/**': { branches: 100 },
        'src/conversation/**': { branches: 100 },
        'src/socket/**': { branches: 100 },
        'src/tasks/**': { branches: 100 },
        'src/requests/**': { branches: 100 },
        'src/session/**': { branches: 100 },
        'src/platform/**': { branches: 100 },
        'src/testing/**': { branches: 100 },
        'src/handshake/**': { branches: 100 },
        'src/rooms/**': { branches: 100 },
        'src/hub/**': { branches: 100 },
        'src/brokers/**': { branches: 100 },
        'src/ipc/**': { branches: 100 },
        'src/nats/**': { branches: 100 },
        'src/redis/**': { branches: 100 },
        'src/server/**': { branches: 100 },
        'src/client/**': { branches: 100 },
      },
    },
  },
};

export default config;
