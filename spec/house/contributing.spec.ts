// The pages for contributors can be followed: their commands, paths and links are there. The
// second half shows the check one mistake at a time.

import { existsSync, readdirSync } from 'node:fs';
import { sep } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commandFaults } from './command-faults.ts';
import type { Project } from './command-faults.ts';
import { linkedText } from './doc-pages.ts';
import { linkFaults } from './page-faults.ts';
import { projectRoot, readProjectFile } from './source-files.ts';

interface Manifest {
  readonly scripts: Readonly<Record<string, string>>;
}

const { scripts } = JSON.parse(readProjectFile('package.json')) as Manifest;
const project: Project = {
  scripts: new Set(Object.keys(scripts)),
  specs: readdirSync(new URL('spec/', projectRoot), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.spec.ts'))
    .map((name) => `spec/${name.split(sep).join('/')}`),
  exists: (path) => existsSync(new URL(path, projectRoot)),
};

describe.each(['CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md'])('%s', (path) => {
  const page = { path, text: readProjectFile(path) };

  it('names commands, specs and paths that are there', () => {
    expect(commandFaults(page, project)).toEqual([]);
  });

  it('has links that lead somewhere', () => {
    expect(linkFaults(page, linkedText)).toEqual([]);
  });
});

describe('CONTRIBUTING.md', () => {
  it('names the scripts that a contributor needs', () => {
    const text = readProjectFile('CONTRIBUTING.md');
    const needed = ['spec', 'test:watch', 'fix', 'lint', 'api', 'test:nodes', 'bench', 'bench:check'];
    expect(needed.filter((name) => !text.includes(`npm run ${name}`))).toEqual([]);
  });
});

describe('commandFaults', () => {
  const invented: Project = {
    scripts: new Set(['spec', 'test', 'test:watch']),
    specs: ['spec/core/status.spec.ts'],
    exists: (path) => path === 'spec/core/',
  };
  const faultsOf = (text: string): readonly string[] => commandFaults({ path: 'a.md', text }, invented);

  it.each([
    ['a script', '`npm test`, `npm run -s test:watch`'],
    ['a word of a path', '`npm run spec -- core/status`'],
    ['a title', "`npm run spec -- status -t 'time-out'`"],
    ['a path', '`spec/core/`'],
    ['what is no command', 'npm runs scripts in src/core'],
  ])('accepts %s', (_, text) => {
    expect(faultsOf(text)).toEqual([]);
  });

  it.each([
    ['a script that is not there', '`npm run specs`', 'a.md: there is no script specs'],
    ['a short one', '`npm start`', 'a.md: there is no script start'],
    ['a word of no path', '`npm run spec -- words/status`', 'a.md: no spec has words/status in its path'],
    ['a path that is not there', '`src/words/`', 'a.md: src/words/ is not there'],
  ])('finds %s', (_, text, fault) => {
    expect(faultsOf(text)).toEqual([fault]);
  });
});
