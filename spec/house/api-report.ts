// The public types of the package as one text: what each door declares, and what those
// declarations mention. API Extractor reads the built `.d.ts` files and sorts by name, so that a
// move of a file inside `src/` changes nothing here. Docstrings are left out: a better sentence
// does not change a type. `api-report.spec.ts` compares the text with `api-report.md`.
// (TypeScript 7 has no API; API Extractor brings a TypeScript 6, which reads what 7 emits.)

import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CompilerState, Extractor, ExtractorConfig, ExtractorLogLevel } from '@microsoft/api-extractor';
import type { ExtractorMessage } from '@microsoft/api-extractor';

/** What API Extractor calls its page, below a folder of its own for each door. */
const REPORT = 'report';

/** A name that users import from, and the file that declares it. */
export interface Door {
  /** The heading of its section. */
  readonly name: string;
  /** Below the folder of the package: `./dist/index.d.ts`. */
  readonly types: string;
}

/**
 * Writes the declarations of all doors, a section for each.
 *
 * @param folder - The built package: `package.json` and the files that the doors name.
 * @throws Error with what API Extractor could not read.
 */
export function apiReport(folder: string, doors: readonly Door[]): string {
  const configs = doors.map((door) => configOf(folder, door));
  const [first] = configs;
  if (first === undefined) throw new Error('a report needs a door');
  // One program of the compiler for all doors, because each one takes a second to make.
  const additionalEntryPoints = configs.map((config) => config.mainEntryPointFilePath);
  const compilerState = CompilerState.create(first, { additionalEntryPoints });
  const seen = new Map<string, string>();
  const sections = configs.map((config, index) => {
    const name = doors[index]?.name ?? '';
    const declarations = declarationsOf(config, compilerState);
    const twin = seen.get(declarations);
    seen.set(declarations, twin ?? name);
    const body = twin === undefined ? `\`\`\`ts\n${declarations}\n\`\`\`` : `The same as ${twin}.`;
    return `## ${name}\n\n${body}\n`;
  });
  return sections.join('\n');
}

function configOf(folder: string, { types }: Door): ExtractorConfig {
  const reportFolder = join(folder, 'reports', types.replaceAll(/\W+/g, '-'));
  mkdirSync(reportFolder, { recursive: true });
  const compilerOptions = {
    target: 'es2023',
    // No DOM: it has names that ours would have to avoid.
    lib: ['es2023', 'esnext.disposable'],
    module: 'nodenext',
    strict: true,
    skipLibCheck: true,
    types: [],
  };
  return ExtractorConfig.prepare({
    packageJsonFullPath: join(folder, 'package.json'),
    configObjectFullPath: undefined,
    configObject: {
      projectFolder: folder,
      mainEntryPointFilePath: join(folder, types),
      newlineKind: 'lf',
      compiler: { overrideTsconfig: { compilerOptions, files: [types] } },
      apiReport: {
        enabled: true,
        // A type that is mentioned, and not exported, is part of a signature.
        includeForgottenExports: true,
        reportFileName: REPORT,
        reportFolder,
        reportTempFolder: join(reportFolder, 'temp'),
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      messages: {
        compilerMessageReporting: { default: { logLevel: ExtractorLogLevel.Error } },
        extractorMessageReporting: { default: { logLevel: ExtractorLogLevel.None } },
        tsdocMessageReporting: { default: { logLevel: ExtractorLogLevel.None } },
      },
    },
  });
}

function declarationsOf(config: ExtractorConfig, compilerState: CompilerState): string {
  const faults: string[] = [];
  const messageCallback = (message: ExtractorMessage): void => {
    if (message.logLevel === ExtractorLogLevel.Error) faults.push(message.text);
    message.handled = true;
  };
  const { succeeded } = Extractor.invoke(config, { compilerState, localBuild: true, messageCallback });
  if (!succeeded || faults.length > 0) throw new Error(`API Extractor: ${faults.join('; ')}`);
  const page = readFileSync(join(config.reportFolder, `${REPORT}.api.md`), 'utf8');
  const [, declarations] = /```ts\n([\s\S]*)```/.exec(page) ?? [];
  if (declarations === undefined) throw new Error('API Extractor: a report without declarations');
  return withoutRemarks(declarations);
}

/** Drops what API Extractor remarks on docstrings: `// @public`, `// (undocumented)`. */
function withoutRemarks(declarations: string): string {
  const lines = declarations.split('\n').filter((line) => !/^\s*\/\/ (?:@public|\()/.test(line));
  return lines.join('\n').trim();
}
