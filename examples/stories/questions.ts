// Request and reply over one socket: many questions at once, each with a number, and
// the answers as they come. A question is a child task: it ends with its handler.

import type { Handler } from 'corosock';

/** Answers one question; the signal aborts when nobody waits for the answer any more. */
export type Answering = (question: string, signal: AbortSignal) => Promise<string>;

/** Serves messages such as `7 How much is it?`, whose answer is `7 Nothing`. */
export function questions(answer: Answering): Handler {
  return async (ws) => {
    for await (const message of ws) {
      const [, number, question] = /^(\d+) (.+)$/s.exec(String(message)) ?? [];
      if (number === undefined || question === undefined) {
        await ws.endServer(1008, 'Expected a number and a question');
        return;
      }
      void ws.spawn(async (signal) => ws.write(`${number} ${await answer(question, signal)}`));
    }
  };
}
