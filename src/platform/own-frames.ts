// Which frames of a stack are this package's own. server/await-stacks.ts passes over them when it
// looks for a line of the user, and error-story.ts leaves them out of what it shows.

import { fileURLToPath } from 'node:url';

const PREFIX = /^ +at (?:async )?/;
const PLACE = /(?:^| \()([^\s(][^(]*:\d+:\d+)\)?$/;

/** The place of a frame; undefined for one of ours, of Node, or without a place. */
export function placeOf(frame: string): string | undefined {
  const place = anyPlaceOf(frame);
  return place === undefined || place.startsWith('node:') || isOwn(place) ? undefined : place;
}

/** The places of a stack that are the user's or a library's, the innermost first. */
export function placesIn(stack: string | undefined): readonly string[] {
  const frames = (stack ?? '').split('\n').filter((line) => PREFIX.test(line));
  return frames.flatMap((frame) => placeOf(frame) ?? []);
}

/** Tells whether a place is in a package that the user has installed. */
export function isOfLibrary(place: string): boolean {
  return place.includes('/node_modules/');
}

/** Tells whether a line of a stack is a frame of this package. */
export function isOwnFrame(line: string): boolean {
  const place = anyPlaceOf(line);
  return place !== undefined && isOwn(place);
}

function anyPlaceOf(frame: string): string | undefined {
  return PLACE.exec(frame.replace(PREFIX, ''))?.[1];
}

function isOwn(place: string): boolean {
  return OWN_FOLDERS.some((folder) => place.startsWith(folder));
}

/**
 * The folders of this package, as URLs and paths: that of its code, and that of the sources that a
 * source map names in its place. None in a bundle, which holds users' code.
 */
export function ownFolders(url: string): readonly string[] {
  const folder = /^(.*\/)platform\/own-frames\.[jt]s$/.exec(url)?.[1];
  if (folder === undefined) return [];
  const sources = folder.replace(/\/dist\/$/, '/src/');
  return [...new Set([folder, sources])].flatMap((own) => [own, fileURLToPath(own)]);
}

const OWN_FOLDERS = ownFolders(import.meta.url);
