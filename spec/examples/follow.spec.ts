// A page that follows a room while its nodes are killed and come back, and their links to the
// broker are cut: in headless Chromium, with two hosts on ports.

import { join } from 'node:path';
import { memoryBroker } from 'corosock';
import type { BrokerFaults } from 'corosock';
import { connect } from 'corosock/client';
import { virtualClock } from 'corosock/testing';
import fc from 'fast-check';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PAGE } from '../../examples/follow/deployment.ts';
import type { Node } from '../../examples/follow/nodes.ts';
import { pageScript } from '../../examples/pages/page-script.ts';
import { FollowedPage } from './follow/followed-page.ts';
import { buildPackage } from '../fixtures/built-package.ts';
import { isThere, launchChromium, reason } from '../fixtures/chromium.ts';

if (reason !== '') process.stderr.write(`Following a room was not tried in a browser${reason}.\n`);

/** What is published in one turn. */
const BURST = 20;

/** Faults, of the node of the page and of the other one, which publishes. */
const FAULTS: Readonly<Record<string, (stage: FollowedPage, near: Node, far: Node) => Promise<void>>> = {
  async 'its node is killed'(stage, near, far) {
    const killed = near.kill();
    stage.publish(far, BURST);
    await killed;
    await stage.untilFollowed(far);
    await near.start();
  },
  async 'its node is cut, and then killed'(stage, near, far) {
    near.cut();
    stage.publish(far, BURST);
    const killed = near.kill();
    stage.publish(far, BURST);
    await killed;
    await stage.untilFollowed(far);
    await near.start();
  },
  async 'the other node is killed'(stage, _, far) {
    // What it has not handed over when it dies is told to nobody.
    await stage.untilAllShown();
    await far.kill();
    await far.start();
  },
  async 'its node is cut'(stage, near, far) {
    near.cut();
    stage.publish(far, BURST);
    near.mend();
  },
  async 'the other node is cut'(stage, _, far) {
    far.cut();
    stage.publish(far, BURST);
    far.mend();
  },
  async 'both are cut'(stage, near, far) {
    near.cut();
    far.cut();
    stage.publish(far, BURST);
    near.mend();
    far.mend();
  },
};

describe.skipIf(!isThere)(`following a room in a browser${reason}`, { timeout: 120_000 }, () => {
  let browser: Browser;
  let script: string;
  let stage: FollowedPage;

  beforeAll(async () => {
    await using built = await buildPackage();
    const client = join(built.folder, 'dist/client/browser.js');
    script = await pageScript(PAGE, { 'corosock/client': client });
    browser = await launchChromium();
    stage = await FollowedPage.open(script, browser);
  }, 60_000);

  afterAll(async () => {
    await stage[Symbol.asyncDispose]();
    await browser.close();
  });

  it('shows what the other node publishes, in order', async () => {
    const { two } = stage;
    await stage.untilFollowed(two);
    stage.publish(two, BURST);
    await stage.untilAllShown();
    expect([await stage.missingNumbers(), await stage.gaps()]).toEqual([[], []]);
  });

  it('goes on with another node when its own is killed, and shows the gap', async () => {
    const { one, two } = stage;
    stage.publish(two, BURST);
    const killed = one.kill();
    const lost = stage.publish(two, BURST);
    await killed;
    await stage.untilFollowed(two);
    expect(await stage.missingNumbers()).toEqual(expect.arrayContaining([...lost]));
    expect(await stage.gaps()).toEqual(['gap by page']);
  });

  it('comes back to the first, which has come back, when the second is killed', async () => {
    const { one, two } = stage;
    await one.start();
    await stage.untilFollowed(one);
    const killed = two.kill();
    const lost = stage.publish(one, BURST);
    await killed;
    await stage.untilFollowed(one);
    expect(await stage.missingNumbers()).toEqual(expect.arrayContaining([...lost]));
    expect(await stage.gaps()).toEqual(['gap by page', 'gap by page']);
    await two.start();
  });

  it.each(['one', 'two'] as const)(
    'shows the gap when the link of node %s is cut and mended',
    async (cut) => {
      const { two, [cut]: node } = stage;
      await stage.untilFollowed(two);
      const before = await stage.gaps();
      stage.publish(two, BURST);
      node.cut();
      const lost = stage.publish(two, BURST);
      node.mend();
      await stage.untilFollowed(two);
      expect(await stage.missingNumbers()).toEqual(expect.arrayContaining([...lost]));
      // A number of the time of the cut may lead to a second one, in front of the first that comes.
      const since = (await stage.gaps()).slice(before.length);
      expect(new Set(since)).toEqual(new Set(['gap by node']));
    },
  );

  it('shows each message once, in order, and gaps where some are missing, whatever happens', async () => {
    const faults = fc.array(fc.constantFrom(...Object.keys(FAULTS)), { minLength: 6, maxLength: 6 });
    const property = fc.asyncProperty(faults, async (names) => {
      for (const name of names) {
        const [near, far] = nodesOf(stage);
        stage.publish(far, BURST);
        await FAULTS[name]?.(stage, near, far);
        await stage.untilFollowed(far);
        await stage.missingNumbers();
      }
    });
    await fc.assert(property, { numRuns: 1, endOnFailure: true });
  });

  it('shows no message again that another node brings late', async () => {
    // Its time stands still: a delivery that is held back comes when this spec says so.
    const clock = virtualClock();
    let isBehind = false;
    const delivery: BrokerFaults['delivery'] = (_, to) =>
      isBehind && to === 1 ? { copies: 1, delayMs: 1000 } : undefined;
    const broker = memoryBroker({ clock, faults: { delivery } });
    await using late = await FollowedPage.open(script, browser, broker);
    const { one, two } = late;
    await using other = await connect(two.url);
    await other.readMessage();
    await late.untilFollowed(one);
    isBehind = true;
    late.publish(one, BURST);
    await late.untilAllShown();
    await one.kill();
    await expect.poll(() => late.gaps(), { timeout: 30_000 }).toEqual(['gap by page']);
    await clock.advance(1000);
    await late.untilFollowed(two);
    expect(await late.missingNumbers()).toEqual([]);
  });
});

/** The node of the page, and the other one. */
function nodesOf({ one, two }: FollowedPage): readonly [near: Node, far: Node] {
  return (one.host?.sockets.size ?? 0) > 0 ? [one, two] : [two, one];
}
