// The page that follows a room, in a tab of its own, with its two nodes: what it shows, and whether
// that tells the truth. The spec: follow.spec.ts one folder up.

import type { MemoryBroker } from 'corosock';
import type { Browser, Page } from 'playwright-core';
import { expect } from 'vitest';
import { deploy } from '../../../examples/follow/deployment.ts';
import type { Deployment } from '../../../examples/follow/deployment.ts';
import { say } from '../../../examples/follow/follow.ts';
import type { Node } from '../../../examples/follow/nodes.ts';
import { quietPort } from '../../fixtures/free-port.ts';

/** The document of the page. */
declare const document: { querySelectorAll(selector: string): ArrayLike<ListItem> };

interface ListItem {
  readonly className: string;
  readonly dataset: { readonly by: string };
  readonly textContent: string;
}

/** A number that the page shows, or who has told it of a gap. */
type Shown = number | 'gap by node' | 'gap by page' | 'end';

/** Two nodes, and the page; each number is published once. */
export class FollowedPage implements AsyncDisposable {
  readonly one: Node;
  readonly two: Node;
  published = 0;
  readonly #deployment: Deployment;
  readonly #page: Page;

  private constructor(deployment: Deployment, page: Page) {
    [this.one, this.two] = deployment.nodes;
    this.#deployment = deployment;
    this.#page = page;
  }

  static async open(script: string, browser: Browser, broker?: MemoryBroker): Promise<FollowedPage> {
    // Nodes come back on their ports, which no connection may take meanwhile.
    const ports = [await quietPort(), await quietPort()] as const;
    const deployment = await deploy(script, 0, { report: () => {} }, broker, ports);
    const page = await browser.newPage();
    await page.goto(deployment.url);
    return new FollowedPage(deployment, page);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#page.close();
    await this.#deployment[Symbol.asyncDispose]();
  }

  async shown(): Promise<readonly Shown[]> {
    const lines = await this.#page.evaluate(() =>
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
  }

  async gaps(): Promise<readonly Shown[]> {
    return (await this.shown()).filter((line) => typeof line !== 'number');
  }

  /** Publishes the next numbers on a node, in one turn. @returns Them. */
  publish(node: Node, count: number): readonly number[] {
    const { host } = node;
    if (host === undefined) throw new Error('The node is dead');
    const numbers = Array.from({ length: count }, (_, index) => this.published + index + 1);
    for (const number of numbers) say(host, 'news', String(number));
    this.published += count;
    return numbers;
  }

  /** Publishes one number after the other until the page shows one of them, and then the last. */
  async untilFollowed(node: Node): Promise<void> {
    const before = this.published;
    const isFollowed = async (): Promise<boolean> => {
      this.publish(node, 1);
      return (await this.shown()).some((line) => typeof line === 'number' && line > before);
    };
    await untilTrue(isFollowed);
    await this.untilAllShown();
  }

  /** Waits for the page to show the last number. */
  async untilAllShown(): Promise<void> {
    const isShown = async (): Promise<boolean> => (await this.shown()).includes(this.published);
    await untilTrue(isShown);
  }

  /**
   * Checks that the page shows the numbers in order, none twice, up to the last, and a gap wherever
   * some are missing.
   *
   * @returns Those that are missing. What was published before the page followed for the first time
   *   is nothing that it misses.
   */
  async missingNumbers(): Promise<readonly number[]> {
    const missing: number[] = [];
    let last: number | undefined;
    let hasGap = false;
    for (const line of await this.shown()) {
      if (typeof line === 'number') {
        missing.push(...numbersBetween(last ?? line - 1, line, hasGap));
        last = line;
      }
      hasGap = line === 'gap by node' || line === 'gap by page' || (hasGap && line === 'end');
    }
    if (last !== this.published) throw new Error(`The last number shown is ${last}, not ${this.published}`);
    return missing;
  }
}

/** What is missing between two numbers that stand one behind the other. */
function numbersBetween(last: number, next: number, hasGap: boolean): readonly number[] {
  if (next <= last) throw new Error(`${next} is shown behind ${last}`);
  if (next > last + 1 && !hasGap) throw new Error(`No gap is shown between ${last} and ${next}`);
  return Array.from({ length: next - last - 1 }, (_, index) => last + index + 1);
}

function untilTrue(check: () => Promise<boolean>): Promise<void> {
  return expect.poll(check, { timeout: 30_000 }).toBe(true);
}
