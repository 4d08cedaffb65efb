// The page of the demo in a tab of its own: what its two columns show, and its buttons. The spec:
// cluster.spec.ts one folder up.

import type { Browser, Locator, Page } from 'playwright-core';

/** One column. */
export class ColumnOnPage {
  readonly #section: Locator;

  constructor(page: Page, node: number) {
    this.#section = page.getByRole('region', { name: `Node ${node}` });
  }

  click(button: 'Kill it' | 'Stop it' | 'Start it'): Promise<void> {
    return this.#section.getByRole('button', { name: button }).click();
  }

  async say(text: string): Promise<void> {
    await this.#section.getByRole('textbox').fill(text);
    await this.#section.getByRole('button', { name: 'Say' }).click();
  }

  /** What is said in the room, and the gaps. */
  lines(): Promise<readonly string[]> {
    return this.#section.getByRole('listitem').allInnerTexts();
  }

  /** What it says of its node: the id of its process, its health, who is in the room. */
  field(name: 'process' | 'health' | 'present'): Promise<string> {
    return this.#section.locator(`.${name}`).innerText();
  }
}

/** The page. */
export class ClusterPage {
  readonly one: ColumnOnPage;
  readonly two: ColumnOnPage;
  readonly #page: Page;

  private constructor(page: Page) {
    this.#page = page;
    this.one = new ColumnOnPage(page, 1);
    this.two = new ColumnOnPage(page, 2);
  }

  static async open(browser: Browser, url: string): Promise<ClusterPage> {
    const page = await browser.newPage();
    await page.goto(url);
    return new ClusterPage(page);
  }

  click(button: 'Kill the broker' | 'Start the broker'): Promise<void> {
    return this.#page.getByRole('button', { name: button }).click();
  }

  /** What it says of the broker. */
  broker(): Promise<string> {
    return this.#page.getByLabel('Broker').innerText();
  }
}
