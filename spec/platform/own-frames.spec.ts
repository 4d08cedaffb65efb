// Which frames of a stack are of the library.

import { describe, expect, it } from 'vitest';
import { isOwnFrame, ownFolders, placeOf } from '../../src/platform/own-frames.ts';

const FOLDER = new URL('../../src/', import.meta.url);

describe('placeOf', () => {
  it.each([
    ['    at handler (file:///app/chat.ts:3:5)', 'file:///app/chat.ts:3:5'],
    ['    at async /app/chat.ts:3:5', '/app/chat.ts:3:5'],
    ['chat (/app/chat.ts:3:5)', '/app/chat.ts:3:5'],
    [`    at Reader.read (${FOLDER.pathname}conversation/reader.ts:3:5)`, undefined],
    [`    at async ${FOLDER.href}conversation/reader.ts:3:5`, undefined],
    ['    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)', undefined],
    ['    at Promise.all (index 0)', undefined],
  ])('is the place of a frame of users: %s', (frame, place) => {
    expect(placeOf(frame)).toBe(place);
  });
});

describe('isOwnFrame', () => {
  it.each([
    [`    at Reader.read (${FOLDER.pathname}conversation/reader.ts:3:5)`, true],
    [`    at async ${FOLDER.href}conversation/reader.ts:3:5`, true],
    ['    at handler (file:///app/chat.ts:3:5)', false],
    ['Error: at the end', false],
  ])('knows a frame of ours: %s', (line, isOwn) => {
    expect(isOwnFrame(line)).toBe(isOwn);
  });
});

describe('ownFolders', () => {
  it('gives the folder of the package, as a URL and as a path', () => {
    expect(ownFolders('file:///app/corosock/src/platform/own-frames.ts')).toEqual([
      'file:///app/corosock/src/',
      '/app/corosock/src/',
    ]);
  });

  it('gives the folder of its sources, too, which stacks name where source maps are read', () => {
    expect(ownFolders('file:///app/node_modules/corosock/dist/platform/own-frames.js')).toEqual([
      'file:///app/node_modules/corosock/dist/',
      '/app/node_modules/corosock/dist/',
      'file:///app/node_modules/corosock/src/',
      '/app/node_modules/corosock/src/',
    ]);
  });

  it('gives none in a bundle, where the code of users is in the same file', () => {
    expect(ownFolders('file:///app/bundle.js')).toEqual([]);
  });
});
