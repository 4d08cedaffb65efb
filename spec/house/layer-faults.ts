// Rule 1: who may import whom. The rooms come from the table in ARCHITECTURE.md, so
// that the page and the code cannot drift apart; the files come from
// source-files.ts. layers.spec.ts asks for no faults.

import { targetOf } from './source-files.ts';
import type { SourceFile } from './source-files.ts';

export interface Room {
  readonly name: string;
  /** Rooms of which it may import anything. */
  readonly from: ReadonlySet<string>;
  /** Whether it may import `transport/transport.ts`, and nothing else of that room. */
  readonly fromPort: boolean;
  /** An entry point of its own: imports what it needs, and nobody imports it. */
  readonly isDoor: boolean;
}

const PORT_FILE = 'transport/transport.ts';

/**
 * Reads the table `| room | holds | may import |`.
 *
 * The third cell lists rooms, or says `–`, `all of the above` or `what it
 * needs; nobody imports it`; `the Transport port` is one file of `transport/`.
 */
export function roomsIn(page: string): readonly Room[] {
  const lines = page.split('\n');
  const head = lines.findIndex((line) => /^\|\s*room\b.*\|.*\|\s*may import\s*\|/.test(line));
  if (head < 0) throw new Error('no table | room | holds | may import | on the page');
  const rooms: Room[] = [];
  for (const line of lines.slice(head + 2)) {
    if (!line.startsWith('|')) break;
    const cells = line.split('|').map((cell) => cell.replaceAll('`', '').trim());
    const above = rooms.map((room) => room.name);
    for (const name of (cells[1] ?? '').split(',')) {
      rooms.push(roomOf(name.trim().replace(/\/$/, ''), cells[3] ?? '', above));
    }
  }
  return rooms;
}

function roomOf(name: string, cell: string, above: readonly string[]): Room {
  const isDoor = /^what (?:it needs|they need)/.test(cell);
  const words = isDoor || cell === '–' ? [] : cell.split(',').map((word) => word.trim());
  const from = new Set<string>();
  for (const word of words) {
    if (word === 'all of the above') above.forEach((room) => from.add(room));
    else if (word !== 'the Transport port') from.add(word.replace(/\/$/, ''));
  }
  return { name, from, fromPort: words.includes('the Transport port'), isDoor };
}

/** Says what breaks rule 1, one sentence each; nothing when all is well. */
export function layerFaults(rooms: readonly Room[], files: readonly SourceFile[]): readonly string[] {
  return [
    ...tableFaults(rooms, files),
    ...files.flatMap((file) => importFaults(rooms, files, file)),
    ...cycles(files),
  ];
}

function tableFaults(rooms: readonly Room[], files: readonly SourceFile[]): readonly string[] {
  const named = new Set(rooms.map((room) => room.name));
  const there = new Set(files.map((file) => roomName(file.path)).filter((name) => name !== ''));
  return [
    ...[...there].filter((name) => !named.has(name)).map((name) => `${name}/ is not in the table`),
    ...[...named].filter((name) => !there.has(name)).map((name) => `${name}/ is in the table and not in src`),
    ...rooms.flatMap((room) =>
      [...room.from]
        .filter((name) => !named.has(name))
        .map((name) => `${room.name}/ names an unknown room: ${name}`),
    ),
  ];
}

function importFaults(
  rooms: readonly Room[],
  files: readonly SourceFile[],
  file: SourceFile,
): readonly string[] {
  const targets = file.imports
    .map((specifier) => targetOf(file, specifier))
    .filter((path) => path !== undefined);
  const room = rooms.find(({ name }) => name === roomName(file.path));
  return targets.flatMap((target) => {
    if (!files.some(({ path }) => path === target))
      return [`${file.path} imports ${target}, which does not exist`];
    return mayImport(rooms, room, target) ? [] : [`${file.path} must not import ${target}`];
  });
}

// A file directly in src/ is in no room: it is an entry point and imports what it shows.
function mayImport(rooms: readonly Room[], room: Room | undefined, target: string): boolean {
  const there = roomName(target);
  if (there === '') return false;
  if (room === undefined || room.name === there) return true;
  if (rooms.some(({ name, isDoor }) => name === there && isDoor)) return false;
  return room.isDoor || room.from.has(there) || (room.fromPort && target === PORT_FILE);
}

function roomName(path: string): string {
  return path.includes('/') ? path.slice(0, path.indexOf('/')) : '';
}

// Depth first; a file that is met again while it is still on the path closes a cycle.
function cycles(files: readonly SourceFile[]): readonly string[] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const done = new Set<string>();
  const found: string[] = [];
  const visit = (path: string, above: readonly string[]): void => {
    if (above.includes(path)) {
      found.push(`a cycle: ${[...above.slice(above.indexOf(path)), path].join(' → ')}`);
      return;
    }
    const file = byPath.get(path);
    if (file === undefined || done.has(path)) return;
    for (const specifier of file.imports) visit(targetOf(file, specifier) ?? '', [...above, path]);
    done.add(path);
  };
  for (const path of byPath.keys()) visit(path, []);
  return found;
}
