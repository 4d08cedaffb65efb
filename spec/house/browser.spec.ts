// The browser's entry point leads to nothing of Node's, in the source and in what
// bundlers make of the built package, and a page of a user runs. The last part shows
// the checker one fault at a time.

import { serve } from 'corosock';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { bundleClient, bundlePage } from '../fixtures/browser-bundle.ts';
import type { BrowserBundle } from '../fixtures/browser-bundle.ts';
import { isThere, launchChromium, reason } from '../fixtures/chromium.ts';
import { browserFaults, reachable } from './browser-faults.ts';
import { sourceFile, sourceFiles } from './source-files.ts';

const ENTRY = 'client/browser.ts';

describe('client/browser.ts', () => {
  it('leads to nothing that a browser has not', () => {
    expect(browserFaults(ENTRY, sourceFiles())).toEqual([]);
  });

  it('leads to what it is made of', () => {
    const paths = reachable(ENTRY, sourceFiles()).map(({ path }) => path);
    expect(paths).toEqual(expect.arrayContaining(['platform/browser.ts', 'conversation/reader.ts']));
    expect(paths).not.toContain('platform/node.ts');
    expect(paths).not.toContain('platform/random-ids.ts');
  });
});

describe('corosock/client, bundled for browsers', { timeout: 60_000 }, () => {
  let bundle: BrowserBundle;
  beforeAll(async () => {
    bundle = await bundleClient();
  }, 60_000);

  it('holds the files that the source leads to, and no package but abort-controller-x', () => {
    const ours = bundle.files.filter((path) => path.startsWith('dist/'));
    const packages = new Set(
      bundle.files.filter((path) => !ours.includes(path)).map((path) => path.split('/')[0]),
    );
    const source = new Set(
      reachable(ENTRY, sourceFiles()).map(({ path }) => `dist/${path.replace(/\.ts$/, '.js')}`),
    );
    // A file of types alone is empty, and left out by whoever makes the bundle.
    expect(ours.filter((path) => !source.has(path))).toEqual([]);
    expect([...packages]).toEqual(['abort-controller-x']);
  });

  it('has no word of Node', () => {
    const words = /(?<!\.)\b(?:Buffer|process|require|setImmediate)\b(?![:'" ])|['"]node:/;
    expect(words.exec(bundle.script)).toBe(null);
  });
});

const PAGE = `
import { channel, connect, every, select } from 'corosock/client';

window.visit = async (url) => {
  const ws = await connect(url);
  const news = channel();
  const tick = every(5);
  const seen = [];
  void news.put('News');
  while (seen.length < 3) {
    const [from] = await select({ ws, news, tick });
    if (!seen.includes(from)) seen.push(from);
    if (from === 'tick') await ws.write('tick');
  }
  return [seen.sort(), (await ws.close()).clean];
};
`;

describe.skipIf(!isThere)(`a page that Vite has bundled${reason}`, { timeout: 60_000 }, () => {
  it('selects from a socket, a channel and a timer in Chromium', async () => {
    await using host = await serve(
      async (ws) => {
        for await (const data of ws) await ws.write(data);
      },
      { origins: 'any' },
    );
    const script = await bundlePage(PAGE);
    const browser = await launchChromium();
    onTestFinished(() => browser.close());
    const page = await browser.newPage();
    await page.addScriptTag({ content: script, type: 'module' });
    const heard: unknown = await page.evaluate(`visit('${host.url}')`);
    expect(heard).toEqual([['news', 'tick', 'ws'], true]);
  });
});

describe('browserFaults', () => {
  const faultsOf = (files: Readonly<Record<string, string>>): readonly string[] =>
    browserFaults(
      'client/browser.ts',
      Object.entries(files).map(([path, text]) => sourceFile(path, text)),
    );

  it.each([
    ['a module of Node', `import { once } from 'node:events';`, 'imports node:events'],
    ['ws', `import { WebSocket } from 'ws';`, 'imports ws'],
    ['a Buffer', `const bytes = Buffer.from('');`, 'uses Buffer'],
    ['the process', `process.emitWarning('');`, 'uses process'],
    ['an immediate', `setImmediate(run);`, 'uses setImmediate'],
  ])('finds %s, however far away', (_, text, what) => {
    expect(faultsOf({ 'client/browser.ts': `import '../core/a.ts';`, 'core/a.ts': text })).toEqual([
      `core/a.ts ${what}`,
    ]);
  });

  it.each([
    ['types', `import type { Server } from 'node:http';`],
    ['a package that needs nothing of Node', `import { execute } from 'abort-controller-x';`],
    ['a property of such a name', `clock.setImmediate(run); const { x } = { process: 1 };`],
    ['what only Node gets', `import { warn } from '#platform';`],
  ])('lets pass %s', (_, text) => {
    expect(
      faultsOf({ 'client/browser.ts': text, 'platform/node.ts': 'Buffer;', 'platform/browser.ts': '' }),
    ).toEqual([]);
  });

  it('takes a module that is imported for its types and its values for what it is', () => {
    const text = `import type { A } from './a.ts';\nimport { a } from './a.ts';`;
    expect(faultsOf({ 'client/browser.ts': text, 'client/a.ts': 'process;' })).toEqual([
      'client/a.ts uses process',
    ]);
  });
});
