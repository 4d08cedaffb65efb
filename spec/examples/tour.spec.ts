// The tour as a visitor meets it: the page in headless Chromium, the handlers on a
// port, and time moved on by hand, so that nobody waits for a time-out.

import { readFileSync } from 'node:fs';
import { virtualClock } from 'corosock/testing';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { openTour } from '../../examples/tour/tour.ts';
import type { Tour } from '../../examples/tour/tour.ts';
import { isThere, launchChromium, reason } from '../fixtures/chromium.ts';

if (reason !== '') process.stderr.write(`The tour was not tried in a browser${reason}.\n`);

const HANDLERS: readonly {
  readonly name: string;
  readonly tab: string;
  readonly greeting: string;
  /** Where it waits first. */
  readonly line: number;
  /** What follows when the visitor says nothing for fifteen seconds. */
  readonly afterTimeout: readonly unknown[];
}[] = [
  {
    name: 'echo',
    tab: 'Echo',
    greeting: 'Handler: Say something, and it comes back.',
    line: 8,
    afterTimeout: [
      'Handler: Nothing for fifteen seconds. Goodbye!',
      'The handler returned, so the library closed the socket: code 1000.',
    ],
  },
  {
    name: 'guess-the-number',
    tab: 'Guess the number',
    greeting: 'Handler: I am thinking of a number from 1 to 100. Which one?',
    line: 10,
    afterTimeout: [expect.stringMatching(/^Handler: Hint: (not )?above 50\.$/)],
  },
  {
    name: 'quiz',
    tab: 'Quiz',
    greeting: 'Handler: Three questions, ten seconds each. Ready?',
    line: 13,
    afterTimeout: ['The handler returned, so the library closed the socket: code 1000.'],
  },
];

describe.skipIf(!isThere)(`the tour in a browser${reason}`, { timeout: 30_000 }, () => {
  const clock = virtualClock();
  let browser: Browser;
  let tour: Tour;

  beforeAll(async () => {
    [tour, browser] = await Promise.all([openTour(0, { clock, report: () => {} }), launchChromium()]);
  }, 30_000);

  afterAll(async () => {
    await browser.close();
    await tour.close();
  });

  describe.each(HANDLERS)('$name', ({ name, tab, greeting, line, afterTimeout }) => {
    it('is shown with its source', async () => {
      const { panel } = await open(tab);
      await expectSoon(() => panel.locator('code').textContent()).toBe(sourceOf(name));
      const lines = sourceOf(name).trimEnd().split('\n').length;
      expect(await panel.locator('figcaption').textContent()).toBe(`handlers/${name}.ts ${lines} lines`);
    });

    it('is shown to wait, and in which line', async () => {
      const { panel } = await open(tab);
      await start(panel);
      expect(await panel.locator('.wait').innerText()).toMatch(`Waiting in read, line ${line}`);
      expect(await panel.locator('.wait-left').textContent()).toMatch(/^\d+ s$/);
      const marked = sourceOf(name).split('\n')[line - 1];
      expect(await panel.locator('[data-status="waiting"]').textContent()).toBe(`${marked}\n`);
    });

    it('is told ok', async () => {
      const { panel } = await open(tab);
      await start(panel);
      await say(panel, 'hello');
      await expectSoon(() => said(panel)).toEqual([
        greeting,
        'You: hello',
        'read → ok after … s',
        expect.stringMatching('^Handler: '),
      ]);
    });

    it('is told timeout when the visitor waits too long: one click', async () => {
      const { panel } = await open(tab);
      await turn(panel, 'Wait too long');
      await untilWaiting(panel);
      expect(await panel.getByRole('button', { name: 'Wait too long' }).innerText()).toMatch(/\d+ s$/);
      await clock.advance(15_000);
      await expectSoon(() => said(panel)).toEqual([greeting, 'read → timeout after … s', ...afterTimeout]);
    });

    it('is told closed when the visitor closes in the middle: one click', async () => {
      const { panel } = await open(tab);
      await turn(panel, 'Close in the middle');
      await expectSoon(() => said(panel)).toEqual([
        greeting,
        'read → closed code 1005, by peer',
        'You closed the socket. The handler heard of it from its read, and returned.',
      ]);
      expect(await panel.locator('.line[data-status="closed"]').count()).toBe(1);
    });

    it('is told closed when a message is too big: one click', async () => {
      const { panel } = await open(tab);
      await turn(panel, 'Send a huge message');
      await expectSoon(() => said(panel)).toEqual([
        greeting,
        'You: xxxxxxxx… (1,048,577 bytes)',
        'read → closed code 1009, by limit',
        'Too big: more than 1 MiB, so the library closed the socket with code 1009.',
      ]);
    });
  });

  it('leads to the number', async () => {
    const { panel } = await open('Guess the number');
    await start(panel);
    let [low, high] = [1, 100];
    for (let answer = 'Higher.'; /Higher|Lower/.test(answer);) {
      const guess = Math.floor((low + high) / 2);
      await say(panel, String(guess));
      answer = await panel.locator('.said-handler').last().innerText();
      if (answer.includes('Higher')) low = guess + 1;
      else high = guess - 1;
    }
    const guesses = await panel.locator('.said-visitor').count();
    expect((await said(panel)).slice(-2)).toEqual([
      expect.stringMatching(`^Handler: Yes, \\d+! Guesses: ${guesses}\\.$`),
      'The handler returned, so the library closed the socket: code 1000.',
    ]);
  });

  it('asks a quiz to its end, and can be started again', async () => {
    const { panel } = await open('Quiz');
    await start(panel);
    for (const answer of ['yes', '8', '404']) await say(panel, answer);
    await clock.advance(10_000);
    await expectSoon(() => said(panel)).toEqual([
      'Handler: Three questions, ten seconds each. Ready?',
      'You: yes',
      'read → ok after … s',
      'Handler: How many bits make a byte?',
      'You: 8',
      'read → ok after … s',
      'Handler: Right! Points: 1.',
      'Handler: Which HTTP status opens a WebSocket?',
      'You: 404',
      'read → ok after … s',
      'Handler: No, 101.',
      'Handler: What is 12 times 12?',
      'read → timeout after … s',
      'Handler: Time is up: 144.',
      'Handler: You have 1 of 3 points.',
      'The handler returned, so the library closed the socket: code 1000.',
    ]);
    await panel.getByRole('button', { name: 'Start again' }).click();
    await untilWaiting(panel);
    expect(await said(panel)).toEqual(['Handler: Three questions, ten seconds each. Ready?']);
  });

  it('holds several conversations at once, each with its own state', async () => {
    const { page, panel } = await open('Quiz');
    await start(panel);
    await say(panel, 'yes');
    await page.getByRole('tab', { name: 'Echo' }).click();
    const echo = page.getByRole('tabpanel');
    await start(echo);
    await say(echo, '8');
    await page.getByRole('tab', { name: 'Quiz' }).click();
    await say(panel, '8');
    expect((await said(panel)).at(-2)).toBe('Handler: Right! Points: 1.');
  });

  it('forgives what is typed when the visitor meant to wait too long', async () => {
    const { panel } = await open('Echo');
    await turn(panel, 'Wait too long');
    await untilWaiting(panel);
    await say(panel, 'still here');
    expect((await said(panel)).at(-1)).toBe('Handler: still here');
    expect(await panel.getByRole('button', { name: 'Wait too long', pressed: false }).count()).toBe(1);
  });

  it('says so when the server shuts down, and when it is not there', async () => {
    const other = await openTour(0, { clock });
    const { panel } = await open('Echo', { url: other.url, mayFail: /ERR_CONNECTION_(REFUSED|RESET)/ });
    await start(panel);
    await other.close();
    await expectSoon(() => said(panel)).toContain('The server is shutting down: code 1001.');
    await panel.getByRole('button', { name: 'Start again' }).click();
    await expectSoon(() => said(panel)).toEqual(['No link to the server: code 1006. Is it still running?']);
  });

  it('works by keyboard alone', async () => {
    const { page } = await open('Echo');
    await page.getByRole('tab', { name: 'Echo' }).focus();
    await page.keyboard.press('ArrowLeft');
    expect(await focused(page)).toContain('Quiz');
    await page.keyboard.press('Home');
    expect(await focused(page)).toContain('Echo');
    await page.keyboard.press('ArrowRight');
    expect(await focused(page)).toContain('Guess');
    expect(new URL(page.url()).hash).toBe('#guess-the-number');

    await page.keyboard.press('Tab');
    expect(await focused(page)).toBe('Conversation');
    await page.keyboard.press('Tab');
    expect(await focused(page)).toBe('Start the conversation');
    await page.keyboard.press('Enter');
    const panel = page.getByRole('tabpanel');
    await untilWaiting(panel);
    expect(await focused(page)).toBe('Your message');
    await page.keyboard.type('fish');
    await page.keyboard.press('Enter');
    await expectSoon(() => said(panel)).toContain('Handler: That is not a number.');

    await turn(panel, 'Close in the middle');
    await panel.getByRole('button', { name: 'Start again' }).waitFor();
  });

  it('gives the focus to the way on when a conversation ends under it', async () => {
    const { page, panel } = await open('Echo');
    await start(panel);
    await clock.advance(15_000);
    await panel.getByRole('button', { name: 'Start again' }).waitFor();
    expect(await focused(page)).toBe('Start again');
  });

  it('opens at the tab that the address names', async () => {
    const { page } = await open(undefined, { hash: '#quiz' });
    expect(await page.getByRole('tab', { selected: true }).innerText()).toContain('Quiz');
    await page.evaluate(`location.hash = '#echo'`);
    await page.getByRole('tab', { name: 'Echo', selected: true }).waitFor();
  });

  it('is light or dark as the visitor has it', async () => {
    const background = async (colorScheme: 'light' | 'dark'): Promise<string> => {
      const { page } = await open('Echo', { colorScheme });
      return page.evaluate('getComputedStyle(document.body).backgroundColor');
    };
    expect(await Promise.all([background('light'), background('dark')])).toEqual([
      'rgb(247, 246, 243)',
      'rgb(19, 18, 23)',
    ]);
  });

  it.each([360, 390, 1280])('needs no sideways scrolling at %d px, whatever is said', async (width) => {
    const { page, panel } = await open('Guess', { width });
    await start(panel);
    await say(panel, 'x'.repeat(500));
    await turn(panel, 'Wait too long');
    for (const tab of await page.getByRole('tab').all()) {
      await tab.click();
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
    }
  });

  interface OpenOptions {
    readonly url?: string;
    readonly hash?: string;
    readonly width?: number;
    readonly colorScheme?: 'light' | 'dark';
    /** A complaint of the browser that is no fault of the page. */
    readonly mayFail?: RegExp;
  }

  /** A visitor of their own at one tab. The page may neither complain nor ask another host, until the spec is over. */
  async function open(
    tab: string | undefined,
    options: OpenOptions = {},
  ): Promise<{ page: Page; panel: Locator }> {
    const { url = tour.url, hash = '', width = 1280, colorScheme = 'light', mayFail } = options;
    const context = await browser.newContext({ viewport: { width, height: 844 }, colorScheme });
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', ({ message }) => complaints.push(message));
    page.on('request', (request) => {
      if (new URL(request.url()).origin !== url) complaints.push(`asks ${request.url()}`);
    });
    page.on('websocket', (socket) => {
      if (new URL(socket.url()).host !== new URL(url).host) complaints.push(`asks ${socket.url()}`);
    });
    onTestFinished(async () => {
      await context.close();
      expect(complaints.filter((complaint) => !mayFail?.test(complaint))).toEqual([]);
    });
    await page.goto(`${url}/${hash}`);
    if (tab !== undefined) await page.getByRole('tab', { name: tab }).click();
    return { page, panel: page.getByRole('tabpanel') };
  }
});

/** Waits for what the page shows in its own time. */
function expectSoon<T>(read: () => Promise<T>): ReturnType<typeof expect.poll<T>> {
  return expect.poll(read, { timeout: 10_000 });
}

async function start(panel: Locator): Promise<void> {
  await panel.getByRole('button', { name: 'Start the conversation' }).click();
  await untilWaiting(panel);
}

/** Says it, and waits until the handler has read it and waits again, or has ended. */
async function say(panel: Locator, text: string): Promise<void> {
  const reads = await panel.locator('.read').count();
  await panel.getByRole('textbox', { name: 'Your message' }).fill(text);
  await panel.getByRole('button', { name: 'Send', exact: true }).click();
  await panel.locator('.read').nth(reads).waitFor();
  await panel.locator('.is-waiting').or(panel.locator('.end')).first().waitFor();
}

async function turn(panel: Locator, name: string): Promise<void> {
  await panel.getByRole('button', { name }).click();
}

async function untilWaiting(panel: Locator): Promise<void> {
  await panel.locator('.is-waiting').waitFor();
}

/** The conversation as it is read aloud, but for the seconds. */
async function said(panel: Locator): Promise<readonly string[]> {
  const entries = await panel.getByRole('log', { name: 'Conversation' }).locator('p').allTextContents();
  return entries.map((entry) => entry.replace(/after [\d.]+ s$/, 'after … s'));
}

/** The name of what has the focus. */
async function focused(page: Page): Promise<string | null> {
  const element = page.locator(':focus');
  return (await element.getAttribute('aria-label')) ?? element.textContent();
}

function sourceOf(name: string): string {
  return readFileSync(new URL(`../../examples/tour/handlers/${name}.ts`, import.meta.url), 'utf8');
}
