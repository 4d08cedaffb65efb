// The page of benchmarks and README's line about speed, with the figures of RESULTS.md: a run writes
// them. What else stands on both is written by hand, and so is which rows the page shows.

import { readFileSync, writeFileSync } from 'node:fs';
import { BENCHMARKS_PAGE, README, RESULTS } from './places.ts';

/** What the page calls the rows that it shows, by the names of their scenarios, in their order. */
const SOCKETS: Readonly<Record<string, string>> = {
  'echo, 64 sockets × 64 in flight × 64 B': 'echo, 64 sockets × 64 in flight × 64 B: server CPU per message',
  'echo, 64 sockets × 64 in flight × 64 B, beside uWebSockets': 'the same',
  'echo, 64 sockets × 1 in flight × 64 B': 'echo, 64 × 1 in flight × 64 B',
  'echo, 8 sockets × 4 in flight × 64 KiB': 'echo, 8 × 4 × 64 KiB text',
  'echo, 8 sockets × 4 in flight × 64 KiB, binary': 'the same, binary',
  'burst, 10 messages to each of 1,000 sockets': 'ten writes in one turn to each of 1,000 sockets',
  'growth, 64 to 5,000 sockets at 20,000 messages a second': 'CPU per message, 64 to 5,000 sockets',
  '5,000 idle sockets': 'idle socket of 5,000, a read waiting',
  'handshakes to a handler': 'handshakes',
  'handshakes with onPreServer and a session': 'handshakes with a hook and a session; `ws` has neither',
  'round trip at half load, 64 sockets × 64 B': 'p99 round trip at half load',
  "flood of 200,000 messages, another's round trip": 'p99 of another while one peer floods',
  "first flood of 200,000 messages after a start, another's round trip":
    'the same, with the first flood of a server',
  'event loop, 200,000 messages on one socket':
    'how long 200,000 messages on one socket block the event loop',
  'event loop, 200,000 messages on 32 sockets': 'as many on 32 sockets',
};

const ROOMS: Readonly<Record<string, string>> = {
  'broadcast, 64 B to 2,000 members': 'broadcast of 64 B to 2,000 members: server CPU per delivery',
  'broadcast, 64 B to 2,000 members, beside uWebSockets': 'the same broadcast',
  'broadcast, 10 of 64 B in one turn to 2,000 members': 'ten of them in one turn',
  'broadcast, 64 B to 1,000 members, 1 % dead and 1 % stalled':
    'to 980 members that read, beside 10 dead and 10 stalled ones',
  'in process, join of a room, and leave': 'join of a room, and leave',
  'in process, publish in one of 100,000 rooms': 'publish in one of 100,000 rooms',
  'kept after 240,000 memberships, 24,000 in each room': 'heap of a membership',
  'nodes, message to a member on another node over NATS':
    'message to another node over NATS, beyond one to the same node',
  'nodes, message to a member on another node over Redis with ioredis': 'the same over Redis with ioredis',
  'nodes, message to a member on another node over Redis with node-redis': 'over Redis with node-redis',
  'nodes, message to a member on another node, beside socket.io':
    'the same message, beside socket.io with its Redis adapter',
  'nodes, broadcast of 64 B to 500 members on each of two, beside socket.io':
    'broadcast to 500 members on each of two nodes: CPU of both per delivery',
  'nodes, 32 messages in one turn to another node over NATS':
    'CPU of the broker, and of both nodes, for a message that crosses: NATS',
  'nodes, 32 messages in one turn to another node over Redis with ioredis': 'Redis with ioredis',
  'nodes, write to a socket of another node, until its status is there, over NATS':
    '`write` to a socket of another node over NATS',
  'nodes, read of a message that waits at a socket of another node, over NATS': '`read` from it',
  'nodes, write to a socket of another node, until its status is there, over Redis with node-redis':
    '`write` to a socket of another node over Redis',
  'nodes, read of a message that waits at a socket of another node, over Redis with node-redis':
    '`read` from that one',
  'nodes, bytes at Redis for a write of 64 B to a socket of another node':
    'bytes on the links of Redis for a `write` of 64 B',
  'nodes, 5,000 open sockets of another node, where they are opened':
    'heap of an open handle, where it was opened',
  'nodes, 5,000 open sockets of another node, where they live':
    'heap of an open handle, where the socket lives',
};

/** Of the tables of the page, from the first to the last: as the parts in RESULTS.md. */
export const SHOWN_ROWS: ReadonlyArray<Readonly<Record<string, string>>> = [SOCKETS, ROOMS];
const TABLE = /(?<=^\| work \| beside \| corosock \| ratio \| limit \|\n\|[-|]+\|\n)(?:\|.*\|\n)*/gm;
const MISSED = ', beyond the limit';

/** Writes both. */
export function writePages(): void {
  const results = readFileSync(RESULTS, 'utf8');
  writeFileSync(BENCHMARKS_PAGE, pageWith(results, readFileSync(BENCHMARKS_PAGE, 'utf8')));
  writeFileSync(README, readmeWith(results, readFileSync(README, 'utf8')));
}

/** @param results - The text of RESULTS.md. @returns The page with its figures, and where they are from. */
export function pageWith(results: string, page: string): string {
  const rows = rowsOf(results);
  const tables = SHOWN_ROWS[Symbol.iterator]();
  const [sockets, rooms] = results.split(/^## /m).slice(1).map(originOf);
  return page
    .replaceAll(TABLE, () =>
      Object.entries(tables.next().value ?? {})
        .flatMap(([name, label]) => rowWith(rows.get(name), label))
        .join(''),
    )
    .replace(
      /(?<= are from `npm run bench` on )\S+: .*?, Node [\d.]+\d/,
      () => `${sockets?.date}: ${sockets?.machine}, Node ${sockets?.node}`,
    )
    .replace(
      /(?<=^These figures are of )\S+, .*?, Node [\d.]+\d/m,
      () => `${rooms?.date}, ${rooms?.machine}, Node ${rooms?.node}`,
    );
}

/** Where the figures of a part are from. */
function originOf(part: string): Readonly<Record<'date' | 'machine' | 'node', string | undefined>> {
  const [, date, machine] = /^- (\d+-\d+-\d+); (.*?), \d+ GiB/m.exec(part) ?? [];
  const [, node] = /^- Node ([\d.]+),/m.exec(part) ?? [];
  return { date, machine, node };
}

/** README's line names two ratios of echoes beside `ws`. @returns README with them. */
export function readmeWith(results: string, readme: string): string {
  const rows = rowsOf(results);
  const ratioOf = (name: string): string =>
    (rows.get(name)?.[4] ?? '').replaceAll('*', '').split(' ')[0] ?? '';
  const many = ratioOf('echo, 64 sockets × 64 in flight × 64 B');
  const one = ratioOf('echo, 64 sockets × 1 in flight × 64 B');
  return readme.replace(
    /^(\*\*Speed\.\*\* .*? costs )[\d.]+( of .*? in flight )[\d.]+(?=:)/m,
    `$1${many}$2${one}`,
  );
}

/** The cells of each row, by its first one. */
function rowsOf(results: string): ReadonlyMap<string, readonly string[]> {
  const rows = [...results.matchAll(/^\| (.*) \|$/gm)].map(([, row = '']) => row.split(' | '));
  return new Map(rows.map((cells) => [cells[0] ?? '', cells]));
}

/** @returns Nothing where it was not measured. */
function rowWith(cells: readonly string[] | undefined, label: string): readonly string[] {
  if (cells === undefined) return [];
  const [, beside, theirs, ours, compared = '', limit] = cells;
  const figure = compared.replaceAll('**', '').replace(MISSED, '');
  const shown = [
    label,
    beside === '–' ? beside : `${beside} ${theirs}`,
    ours,
    // A figure that stands for itself has a unit.
    figure.replace(/^[\d.]+(?=(?: \(\S+\))?$)/, '**$&**'),
    compared.includes(MISSED) ? `${limit} – missed` : limit,
  ];
  return [`| ${shown.join(' | ')} |\n`];
}
