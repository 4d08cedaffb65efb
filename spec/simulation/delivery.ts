// Messages between a handler and its clients, both ways, with every way to read and to write: what
// was accepted arrives, whole, once and in order, whatever was given up in between.

import { ConnectionLostError, select } from 'corosock';
import type { Handler, ServerSocket } from 'corosock';
import type { ClientSocket } from 'corosock/testing';
import { ABANDONED, claim, claimPrefix, PATIENCE_MS } from './scene.ts';
import type { Scenario, Scene } from './scene.ts';

type AnySocket = ClientSocket | ServerSocket;

/** What one end has written and read. */
class Side {
  readonly #scene: Scene;
  readonly #ws: AnySocket;
  readonly written: Array<{ readonly text: string; status: string }> = [];
  readonly read: string[] = [];
  /** The beginning of a message that is read in pieces. */
  #piece = '';

  constructor(scene: Scene, ws: AnySocket) {
    this.#scene = scene;
    this.#ws = ws;
  }

  get end(): AnySocket['closeInfo'] {
    return this.#ws.closeInfo;
  }

  get accepted(): readonly string[] {
    return this.written.filter(({ status }) => status === 'ok').map(({ text }) => text);
  }

  /** Reads until the end of the conversation, each time in another way. */
  async readAll(): Promise<void> {
    while ((await this.#readOnce()) !== 'closed');
  }

  async #readOnce(): Promise<string> {
    const { dice } = this.#scene;
    const ws = this.#ws;
    switch (dice.below(8)) {
      case 0:
        return this.#readPart(dice.between(1, 6));
      case 1:
        return this.#take(await ws.readMessage(0));
      case 2:
        return this.#readAborted();
      case 3:
        return this.#select();
      case 4:
        await this.#scene.pause(30);
        return 'ok';
      case 5:
        return this.#iterate();
      case 6:
        return this.#leave();
      default:
        return this.#take(await ws.readText(dice.between(1, 100)));
    }
  }

  async #readPart(len: number): Promise<string> {
    const part = await this.#ws.read(len, this.#scene.dice.below(40));
    claim(part[1] !== 'ok' || part[0].length <= len, 'more than was asked for', part, len);
    return this.#take(part);
  }

  #take([data, status]: readonly [data: unknown, status: string]): string {
    const { messages, bytes } = this.#ws.queued;
    claim(messages > 0 || bytes === 0, 'an empty queue has bytes', bytes);
    if (status !== 'ok') return status;
    this.#piece += String(data);
    if (!this.#ws.atEnd) return status;
    this.read.push(this.#piece);
    this.#piece = '';
    return status;
  }

  async #readAborted(): Promise<string> {
    try {
      return this.#take(await this.#ws.readMessage({ signal: this.#scene.abortedWithin(20) }));
    } catch (error) {
      if (error === ABANDONED) return 'aborted';
      throw error;
    }
  }

  async #select(): Promise<string> {
    const { clock } = this.#scene.w;
    const [key, taken] = await select({ ws: this.#ws }, { timeoutMs: this.#scene.dice.below(30), clock });
    return key === 'ws' ? this.#take(taken) : key;
  }

  async #iterate(): Promise<string> {
    let left = this.#scene.dice.below(4);
    try {
      for await (const message of this.#ws) {
        this.#take([message, 'ok']);
        left -= 1;
        if (left < 0) return 'ok';
      }
      claim(this.end?.clean === true, 'a loop has ended like a clean end', this.end);
    } catch (error) {
      if (!(error instanceof ConnectionLostError)) throw error;
    }
    return 'closed';
  }

  /** Leaves an iterator while it waits. */
  async #leave(): Promise<string> {
    const iterator = this.#ws[Symbol.asyncIterator]();
    const next = iterator.next().catch((error: unknown) => {
      if (!(error instanceof ConnectionLostError)) throw error;
      return { done: true, value: undefined } as const;
    });
    await this.#scene.pause(10);
    await iterator.return?.();
    const result = await next;
    return result.done === true ? 'ok' : this.#take([result.value, 'ok']);
  }

  /** Writes messages, each in another way, until there are so many or the conversation is over. */
  async writeAll(name: string, count: number, isBurst: boolean): Promise<void> {
    for (let at = 0; at < count && this.end === undefined; at += 1) {
      const entry = { text: `${name}.${at} ${'x'.repeat(this.#scene.dice.below(40))}`, status: 'waiting' };
      this.written.push(entry);
      const settled = this.#writeOnce(entry);
      if (isBurst) continue;
      if (this.#scene.dice.isLikely(0.7)) await settled;
      if (this.#scene.dice.isLikely(0.4)) await this.#scene.pause(20);
    }
  }

  async #writeOnce(entry: { readonly text: string; status: string }): Promise<void> {
    const { dice, mayLose } = this.#scene;
    const optionsOf = dice.pick([
      // A write without a time-out waits for ever where nobody notices that the link is silent.
      () => (mayLose ? { timeoutMs: PATIENCE_MS } : {}),
      () => ({ timeoutMs: dice.below(10) }),
      () => ({ timeoutMs: 0 }),
      () => ({ signal: this.#scene.abortedWithin(20) }),
    ]);
    try {
      entry.status = await this.#ws.write(entry.text, optionsOf());
    } catch (error) {
      if (error !== ABANDONED) throw error;
      entry.status = 'aborted';
    }
  }
}

/** What has arrived is the beginning of what was accepted. */
function claimOrder(from: Side, to: Side): void {
  claimPrefix('read what was not written next', to.read, from.accepted);
}

/** After a clean end nothing is missing: what was accepted was read, or is counted as unread. */
function claimAll(from: Side, to: Side): void {
  claimOrder(from, to);
  if (to.end?.clean !== true) return;
  const { unread } = to.end;
  const accepted = from.accepted.length;
  claim(
    to.read.length + unread === accepted,
    'lost a message',
    { read: to.read.length, unread, accepted },
    to.end,
  );
}

const CLIENTS = 3;
const MESSAGES = 12;
const SMALL = { writeBufferBytes: 256, queueMessages: 8, queueBytes: 2048 };
/** More than one turn serves, and more than its buffers take. */
const BURST = 150;
const LARGE = { writeBufferBytes: 4096, queueMessages: BURST };

async function deliver(scene: Scene): Promise<void> {
  const { dice, w } = scene;
  const isBurst = dice.isLikely(0.2);
  const messages = isBurst ? BURST : MESSAGES;
  const sides = new Map<string, Side>();
  const endings: Array<() => void> = [];
  const handler: Handler = async (ws) => {
    const side = new Side(scene, ws);
    sides.set(ws.request.url.pathname, side);
    const writing = side.writeAll('host', messages, isBurst);
    // Some leave in the middle: what the client still sends is counted, and given to no one.
    if (dice.isLikely(0.3)) {
      await scene.pause(200);
      return;
    }
    await side.readAll();
    await writing;
  };
  const host = w.serve(handler, isBurst ? LARGE : SMALL);
  await scene.each(CLIENTS, 'client', async (at) => {
    const ws = await scene.connect(host, { url: `ws://localhost/${at}` });
    const far = new Side(scene, ws);
    const near = (): Side => sides.get(`/${at}`) as Side;
    w.always(`order of client ${at + 1}`, () => {
      const side = sides.get(`/${at}`);
      if (side === undefined) return;
      claimOrder(far, side);
      claimOrder(side, far);
    });
    const reading = far.readAll();
    await far.writeAll('client', messages, isBurst);
    await scene.pause(50);
    const isReset = dice.isLikely(0.2);
    if (isReset) ws.link.reset();
    else await ws.close();
    await reading;
    endings.push(() => {
      const isClean = far.end?.clean === true && near().end?.clean === true;
      claim(isClean || isReset || scene.mayLose, 'an unclean end', far.end, near().end);
      claimAll(far, near());
      claimAll(near(), far);
    });
  });
  await host.close({ graceMs: 0 });
  for (const ending of endings) ending();
}

export const DELIVERY: readonly Scenario[] = [
  { name: 'whatever was accepted arrives, once and in order', play: deliver, faults: 'cruel' },
];
