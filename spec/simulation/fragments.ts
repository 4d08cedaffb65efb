// Messages in fragments, both ways, beside whole ones: each arrives whole and in order. One that
// breaks off before its first fragment leaves nothing, one that breaks off later ends the socket.

import type { ServerSocket, WriteStatus } from 'corosock';
import type { ClientSocket } from 'corosock/testing';
import { ABANDONED, claim, claimPrefix } from './scene.ts';
import type { Scenario, Scene } from './scene.ts';

type AnySocket = ClientSocket | ServerSocket;
type Status = WriteStatus | 'aborted' | 'failed';

const BROKEN = new Error('of an iterable');
const MESSAGES = 10;
const WRITE_BUFFER_BYTES = 40;
/** Bytes of a whole message of four parts. */
const LONGEST = 60;

/** One end that writes, and what became of it. */
class Fragmenter {
  readonly #scene: Scene;
  readonly #ws: AnySocket;
  readonly #name: string;
  /** In the order of the calls. */
  readonly #written: Array<{ readonly text: string; status?: Status }> = [];
  /** Whether none of its messages breaks off. */
  readonly #isWell: boolean;
  /** Whether a message has broken off after a fragment. */
  isBroken = false;

  constructor(scene: Scene, ws: AnySocket, name: string) {
    this.#scene = scene;
    this.#ws = ws;
    this.#name = name;
    this.#isWell = scene.dice.isLikely(0.7);
  }

  get accepted(): readonly string[] {
    return this.#written.filter(({ status }) => status === 'ok').map(({ text }) => text);
  }

  /** Writes messages side by side, each in another way. */
  async writeAll(): Promise<void> {
    const { dice } = this.#scene;
    const writes: Array<Promise<void>> = [];
    for (let at = 0; at < MESSAGES && this.#ws.closeInfo === undefined; at += 1) {
      const parts = Array.from({ length: dice.between(1, 4) }, (_, part) => `${this.#name} ${at} ${part};`);
      const entry: { readonly text: string; status?: Status } = { text: parts.join('') };
      this.#written.push(entry);
      const write = dice.isLikely(0.5) ? this.#ws.write(entry.text) : this.#writeParts(parts);
      writes.push(write.then((status) => void (entry.status = status)));
      if (dice.isLikely(0.5)) await this.#scene.pause(20);
    }
    await Promise.all(writes);
  }

  async #writeParts(parts: readonly string[]): Promise<Status> {
    const scene = this.#scene;
    const { dice } = scene;
    const way = this.#isWell ? 'well' : dice.pick(['well', 'well', 'late', 'given up', 'throws']);
    let asked = 0;
    async function* fragments(): AsyncGenerator<string> {
      for (const part of parts) {
        if (dice.isLikely(0.5)) await scene.pause(10);
        if (way === 'throws' && dice.isLikely(0.3)) throw BROKEN;
        asked += 1;
        yield part;
      }
      if (way === 'throws') throw BROKEN;
    }
    const optionsOf = {
      late: () => ({ timeoutMs: dice.below(30) }),
      'given up': () => ({ signal: scene.abortedWithin(30) }),
    };
    const options = way === 'late' || way === 'given up' ? optionsOf[way]() : {};
    const status = await this.#ws.write(fragments(), options).catch((error: unknown): Status => {
      claim(error === ABANDONED || error === BROKEN, 'another error', String(error));
      return error === ABANDONED ? 'aborted' : 'failed';
    });
    // The last fragment that was asked for may not have been sent.
    if (status === 'timeout') claim(asked <= 1, 'a time-out of a message that has begun', asked);
    if (status !== 'ok' && asked > 0) this.isBroken = true;
    return status;
  }
}

async function fragment(scene: Scene): Promise<void> {
  const { w } = scene;
  const near = new Map<string, { readonly ours: Fragmenter; readonly read: string[] }>();
  const errors: unknown[] = [];
  const host = w.serve(
    async (ws) => {
      const [ours, read] = [new Fragmenter(scene, ws, 'host'), [] as string[]];
      near.set(ws.request.url.pathname, { ours, read });
      const writing = ours.writeAll();
      for (
        let [text, status] = await ws.readText();
        status !== 'closed';
        [text, status] = await ws.readText()
      )
        read.push(String(text));
      await writing;
    },
    { writeBufferBytes: WRITE_BUFFER_BYTES, report: (error) => void errors.push(error) },
  );
  w.always('bounded buffers', () => {
    for (const { bufferedBytes } of host.sockets.values())
      claim(bufferedBytes < WRITE_BUFFER_BYTES + LONGEST, 'buffers too much', bufferedBytes);
  });
  await scene.each(3, 'client', async (at) => {
    const ws = await scene.connect(host, { url: `ws://localhost/${at}` });
    const [theirs, heard] = [new Fragmenter(scene, ws, 'client'), [] as string[]];
    const hearing = scene.hearAll(ws, (text) => void heard.push(text));
    await theirs.writeAll();
    const end = await ws.close();
    await hearing;
    const { ours, read } = near.get(`/${at}`) as { readonly ours: Fragmenter; readonly read: string[] };
    claimPrefix('the host has read another message', read, theirs.accepted);
    claimPrefix('the client has heard another message', heard, ours.accepted);
    const isBroken = theirs.isBroken || ours.isBroken;
    claim(isBroken || (end.clean && end.code === 1000), 'another end', end);
    claim(isBroken || read.length === theirs.accepted.length, 'lost a message', read, theirs.accepted);
  });
  await host.close({ graceMs: 0 });
  claim(errors.length === 0, 'another error', errors.map(String));
  await scene.claimNoTimers();
}

export const FRAGMENTS: readonly Scenario[] = [
  { name: 'a message in fragments arrives whole, or not at all', play: fragment },
];
