// One run of an in-process scenario, or of one that asks what is kept: each in a
// process of its own, one after the other.

import { Child } from './child.ts';
import { MEASURED } from './our-servers.ts';
import type { InProcessScenario, KeptScenario, Server } from './scenario.ts';
import type { OperationQuestion } from './servers/in-process.ts';

/** Two tenths of a second and more. */
const TIMES = 200_000;

/** @returns ns for each call. */
export function measureInProcess(
  { operation, besideOperation }: InProcessScenario,
  servers: readonly Server[],
): Promise<ReadonlyMap<Server, number>> {
  return eachAnswers(servers, ({ name }) => ({
    ask: 'takes',
    operation: name === MEASURED ? operation : besideOperation,
    times: TIMES,
  }));
}

/** @returns Bytes for each call. */
export function measureKept(
  { operation, times }: KeptScenario,
  servers: readonly Server[],
): Promise<ReadonlyMap<Server, number>> {
  return eachAnswers(servers, () => ({ ask: 'keeps', operation, times }));
}

async function eachAnswers(
  servers: readonly Server[],
  question: (server: Server) => OperationQuestion,
): Promise<ReadonlyMap<Server, number>> {
  const figures = new Map<Server, number>();
  for (const server of servers) {
    const child = new Child<OperationQuestion>(server.program, { core: 0 });
    try {
      figures.set(server, await child.ask(question(server)));
    } finally {
      child.stop();
    }
  }
  return figures;
}
