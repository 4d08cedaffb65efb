// A page that follows a room while its nodes are killed and come back, and their links to the
// broker are cut: in headless Chromium, with two hosts on ports.

import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deploy } from '../../examples/follow/deployment.ts';
import type { Deployment } from '../../examples/follow/deployment.ts';
import { say } from '../../examples/follow/follow.ts';
import type { Node } from '../../examples/follow/nodes.ts';
import { pageScript } from '../../examples/follow/page-script.ts';
import { buildPackage } from '../fixtures/built-package.ts';
import { isThere, launchChromium, reason } from '../fixtures/chromium.ts';

if (reason !== '') process.stderr.write(`Following a room was not tried in a browser${reason}.\n`);

/** The document of the page. */
declare const document: { querySelectorAll(selector: string): ArrayLike<ListItem> };

interface ListItem {
  readonly className: string;
  readonly dataset: { readonly by: string };
  readonly textContent: string;
}

/** A number that the page shows, or who has told it of a gap. */
type Shown = number | 'gap by node' | 'gap by page' | 'end';

const BURST = 20;

describe.skipIf(!isThere)(`following a room in a browser${reason}`, { timeout: 120_000 }, () => {
  let browser: Browser;
  let page: Page;
  let deployment: Deployment;
  let one: Node;
  let two: Node;
  let published = 0;

  beforeAll(async () => {
    await using built = await buildPackage();
    const script = await pageScript({ 'corosock/client': join(built.folder, 'dist/client/browser.js') });
    [deployment, browser] = await Promise.all([deploy(script, 0, { report: () => {} }), launchChromium()]);
    [one, two] = deployment.nodes;
    page = await browser.newPage();
    await page.goto(deployment.url);
  }, 60_000);

  afterAll(async () => {
    await browser.close();
    await deployment[Symbol.asyncDispose]();
  });

  const shown = async (): Promise<readonly Shown[]> => {
    const lines = await page.evaluate(() =>
      Array.from(document.querySelectorAll('li'), (line) => [
        line.className,
        line.dataset.by,
        line.textContent,
      ]),
    );
    return lines.map(([kind, by, text]) => {
      if (kind === 'message') return Number(text);
      if (kind === 'end') return 'end';
      return by === 'node' ? 'gap by node' : 'gap by page';
    });
  };

  /** Publishes the next numbers on a node, in one turn. @returns Them. */
  function publish(node: Node, count: number): readonly number[] {
    const { host } = node;
    if (host === undefined) throw new Error('The node is dead');
    const numbers = Array.from({ length: count }, (_, index) => published + index + 1);
    for (const number of numbers) say(host, 'news', String(number));
    published += count;
    return numbers;
  }

  /** Publishes one number after the other until the page shows one of them. */
  async function untilFollowed(node: Node): Promise<void> {
    const before = published;
    const isFollowed = async (): Promise<boolean> => {
      const number = publish(node, 1)[0] ?? 0;
      return (await shown()).some((line) => typeof line === 'number' && line > before && line <= number);
    };
    await expect.poll(isFollowed, { timeout: 30_000 }).toBe(true);
  }

  /** Waits for the page to show the last number. */
  async function untilAllShown(): Promise<void> {
    await expect.poll(async () => (await shown()).includes(published), { timeout: 30_000 }).toBe(true);
  }

  /** Checks all that the page shows. @returns The numbers that it does not show. */
  async function missingNumbers(): Promise<ReadonlySet<number>> {
    const missing = new Set<number>();
    let last: number | undefined;
    let hasGap = false;
    for (const line of await shown()) {
      if (typeof line !== 'number') {
        hasGap ||= line !== 'end';
        continue;
      }
      // What was published before the page followed for the first time is nothing that it misses.
      for (let number = (last ?? line) + 1; number < line; number += 1) {
        missing.add(number);
        expect([number, hasGap]).toEqual([number, true]);
      }
      expect(line).toBeGreaterThan(last ?? 0);
      last = line;
      hasGap = false;
    }
    expect(last).toBe(published);
    return missing;
  }

  const gaps = async (): Promise<readonly Shown[]> =>
    (await shown()).filter((line) => typeof line !== 'number');

  it('shows what the other node publishes, in order', async () => {
    await untilFollowed(two);
    publish(two, BURST);
    await untilAllShown();
    expect([(await missingNumbers()).size, await gaps()]).toEqual([0, []]);
  });

  it('goes on with another node when its own is killed, and shows the gap', async () => {
    publish(two, BURST);
    const killed = one.kill();
    const lost = publish(two, BURST);
    await killed;
    await untilFollowed(two);
    publish(two, BURST);
    await untilAllShown();
    expect([...(await missingNumbers())]).toEqual(expect.arrayContaining([...lost]));
    expect(await gaps()).toEqual(['gap by page']);
  });

  it('comes back to the first, which has come back, when the second is killed', async () => {
    await one.start();
    await untilFollowed(one);
    publish(one, BURST);
    const killed = two.kill();
    const lost = publish(one, BURST);
    await killed;
    await untilFollowed(one);
    publish(one, BURST);
    await untilAllShown();
    expect([...(await missingNumbers())]).toEqual(expect.arrayContaining([...lost]));
    expect(await gaps()).toEqual(['gap by page', 'gap by page']);
  });

  it.each([
    ['its node', () => one],
    ['the other node', () => two],
  ])('shows the gap when the broker of %s is cut and mended', async (_, nodeToCut) => {
    if (two.host === undefined) await two.start();
    await untilFollowed(two);
    await untilAllShown();
    const before = await gaps();
    publish(two, BURST);
    nodeToCut().cut();
    const lost = publish(two, BURST);
    nodeToCut().mend();
    await untilFollowed(two);
    publish(two, BURST);
    await untilAllShown();
    expect([...(await missingNumbers())]).toEqual(expect.arrayContaining([...lost]));
    expect(await gaps()).toEqual([...before, 'gap by node']);
  });
});
