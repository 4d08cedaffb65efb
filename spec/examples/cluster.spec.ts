// `npm run demo:cluster` as a visitor meets it: the page in headless Chromium, nodes and broker as
// processes of their own, which are killed and come back.

import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isInstalled } from '../../examples/cluster/cluster-broker.ts';
import { buildExamples, StartedProgram } from '../fixtures/built-examples.ts';
import type { BuiltExamples } from '../fixtures/built-examples.ts';
import { isThere, launchChromium, reason } from '../fixtures/chromium.ts';
import { quietPort } from '../fixtures/free-port.ts';
import { ClusterPage } from './cluster/cluster-page.ts';
import type { ColumnOnPage } from './cluster/cluster-page.ts';

if (reason !== '') process.stderr.write(`The demo of two nodes was not tried in a browser${reason}.\n`);

const BROKERS = [
  ['processes', 'the channels between Node processes', true],
  ['nats', 'nats-server', isInstalled('nats')],
  ['redis', 'redis-server', isInstalled('redis')],
] as const;

let built: BuiltExamples;
let browser: Browser;

beforeAll(async () => {
  built = await buildExamples();
  if (isThere) browser = await launchChromium();
}, 60_000);

afterAll(async () => {
  if (isThere) await browser.close();
  await built[Symbol.asyncDispose]();
});

/** Starts the demo, with ports for what comes back on its port: no connection takes them meanwhile. */
async function demo(word: string): Promise<StartedProgram> {
  const args = ['dist-examples/cluster/server.js', word];
  const ports = [await quietPort(), await quietPort(), await quietPort()];
  const env = { PORT: '0', CLUSTER_PORTS: ports.join(',') };
  return new StartedProgram(process.execPath, args, { cwd: built.folder, env });
}

const OPEN = /The demo is open at (http:\/\/127\.0\.0\.1:\d+) /u;

describe.each(BROKERS)('the demo over %s', (word, title, isHere) => {
  const why = isHere ? reason : ` (skipped: there is no ${title} here)`;

  describe.skipIf(!isThere || !isHere)(`in a browser${why}`, { timeout: 120_000 }, () => {
    let program: StartedProgram;
    let page: ClusterPage;

    beforeAll(async () => {
      program = await demo(word);
      const [, url = ''] = await program.said(OPEN);
      page = await ClusterPage.open(browser, url);
    }, 60_000);

    // The tab goes with its browser.
    afterAll(() => program[Symbol.asyncDispose]());

    it('shows messages that cross from node to node, both ways', async () => {
      const { one, two } = page;
      await expectSoon(() => page.broker()).toBe(title);
      for (const column of [one, two]) await expectSoon(() => column.field('health')).toMatch(/^broker up/u);
      await expectLine(one, /^Node 2 counts/u);
      await expectLine(two, /^Node 1 counts/u);
      await one.say('hello');
      await expectLine(two, /^Ada: hello$/u);
      await two.say('good morning');
      await expectLine(one, /^Bob: good morning$/u);
    });

    it('shows on each node who is on the other one', async () => {
      for (const column of [page.one, page.two])
        await expectSoon(() => column.field('present')).toMatch(/Ada, Bob|Bob, Ada/u);
    });

    it('shows that a node is killed, what the other one knows of it, and the gap when it is back', async () => {
      const { one, two } = page;
      const killed = await one.field('process');
      await one.click('Kill it');
      await expectSoon(() => one.field('process')).toBe('none');
      await expectSoon(() => one.field('health')).toMatch(/no link/u);
      await expectSoon(() => two.field('present')).toMatch(/a node was heard last \d+ s ago$/u);
      await two.say('are you there?');
      await expectLine(two, /^Bob: are you there\?$/u);
      const { length } = await one.lines();
      await one.click('Start it');
      await expectLine(one, /^Node 2 counts/u, length);
      const [first, ...others] = (await one.lines()).slice(length);
      expect(first).toMatch(/^Messages may be missing for \d+\.\d s: this page was away$/u);
      expect(others).not.toContain('Bob: are you there?');
      expect(await one.field('process')).not.toBe(killed);
      await expectSoon(() => one.field('present')).toMatch(/Ada, Bob|Bob, Ada/u);
    });

    it('shows that the user of a node that stops has left, and is there again when it is back', async () => {
      const { one, two } = page;
      await two.click('Stop it');
      await expectSoon(() => one.field('present')).not.toMatch(/Bob/u);
      await two.click('Start it');
      await expectSoon(() => one.field('present')).toMatch(/Ada.*, Bob/u);
      await expectSoon(() => two.field('present')).toMatch(/Ada/u);
    });

    it('shows the health of both nodes while the broker is dead, and a gap on each when it is back', async () => {
      const { one, two } = page;
      await page.click('Kill the broker');
      await expectSoon(() => page.broker()).toBe(`${title}, killed`);
      for (const column of [one, two])
        await expectSoon(() => column.field('health')).toMatch(/^broker down/u);
      await one.say('can you hear me?');
      await expectLine(one, /^Ada: can you hear me\?$/u);
      await page.click('Start the broker');
      for (const column of [one, two]) {
        await expectSoon(() => column.field('health')).toMatch(/^broker up/u);
        await expectLine(column, /^Messages may be missing for .*: its node has told so$/u);
      }
      await one.say('and now?');
      await expectLine(two, /^Ada: and now\?$/u);
      expect(await two.lines()).not.toContain('Ada: can you hear me?');
    });
  });
});

/** Waits for what the page shows in its own time. */
function expectSoon<T>(read: () => Promise<T>): ReturnType<typeof expect.poll<T>> {
  return expect.poll(read, { timeout: 30_000 });
}

/** Waits for a line of a column. @param from - Behind so many others. */
function expectLine(column: ColumnOnPage, pattern: RegExp, from = 0): Promise<void> {
  const read = async (): Promise<readonly string[]> => (await column.lines()).slice(from);
  return expectSoon(read).toContainEqual(expect.stringMatching(pattern));
}
