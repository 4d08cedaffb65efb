import { fileURLToPath } from 'node:url';
import type { ViteUserConfig } from 'vitest/config';

const src = (file: string): string => fileURLToPath(new URL(`src/${file}`, import.meta.url));

const config: ViteUserConfig = {
  // Node 20 has no `using` of its own.
  oxc: { target: 'node20' },
  resolve: {
    alias: [
      { find: /^corosock$/, replacement: src('index.ts') },
      { find: /^corosock\/testing$/, replacement: src('testing/index.ts') },
    ],
  },
  test: {
    include: ['spec/**/*.spec.ts'],
    // A process of its own for each file: listeners, handles and warnings are counted.
    pool: 'forks',
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
        'src/words/**': { branches: 100 },
        'src/socket/**': { branches: 100 },
        'src/transport/**': { branches: 100 },
        'src/session/**': { branches: 100 },
      },
    },
  },
};

export default config;
