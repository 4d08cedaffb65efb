// A network of two namespaces with a cable between them. When it is pulled, links end without a word.

import { execFileSync } from 'node:child_process';

let count = 0;

/** Those that are there: a program that ends by a signal would leave them to the machine. */
const there = new Set<Cable>();
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Two namespaces with a cable between them. */
export class Cable {
  readonly server: string;
  readonly client: string;
  readonly address = '10.203.0.1';

  constructor() {
    count += 1;
    this.server = `corosock-a-${process.pid}-${count}`;
    this.client = `corosock-b-${process.pid}-${count}`;
    if (there.size === 0) for (const signal of SIGNALS) process.on(signal, endBy);
    there.add(this);
    try {
      this.#lay();
    } catch (error) {
      this.remove();
      throw error;
    }
  }

  #lay(): void {
    for (const name of [this.server, this.client]) ip(['netns', 'add', name]);
    const ends = ['link', 'add', 'end', 'netns', this.server, 'type', 'veth'];
    ip([...ends, 'peer', 'name', 'end', 'netns', this.client]);
    const addresses = [
      [this.server, `${this.address}/24`],
      [this.client, '10.203.0.2/24'],
    ] as const;
    for (const [name, address] of addresses) {
      ip(['-n', name, 'addr', 'add', address, 'dev', 'end']);
      ip(['-n', name, 'link', 'set', 'lo', 'up']);
      ip(['-n', name, 'link', 'set', 'end', 'up']);
    }
  }

  set(state: 'up' | 'down'): void {
    ip(['-n', this.client, 'link', 'set', 'end', state]);
  }

  remove(): void {
    if (!there.delete(this)) return;
    for (const name of [this.server, this.client]) {
      try {
        ip(['netns', 'del', name]);
      } catch {
        // It was not made, or is gone.
      }
    }
    if (there.size === 0) for (const signal of SIGNALS) process.off(signal, endBy);
  }
}

/** Removes all, and ends by the signal as the program would without them. */
function endBy(signal: NodeJS.Signals): void {
  for (const cable of there) cable.remove();
  process.kill(process.pid, signal);
}

function ip(words: readonly string[]): void {
  execFileSync('ip', words, { stdio: 'pipe' });
}

/** @returns undefined where namespaces can be made. */
export function obstacleToCable(): string | undefined {
  try {
    new Cable().remove();
    return undefined;
  } catch {
    return 'no right to make network namespaces (ip netns)';
  }
}
