// The process that started this one, as its child sees it: it asks, one question
// at a time, and gets numbers. The other half is child.ts.

/**
 * Answers whatever the parent asks, and ends with it. An answer that throws ends
 * this process, which is how the parent hears of it.
 *
 * @param answer - Takes the questions of which its parent knows, and no others.
 */
export function answerParent(answer: (question: never) => number | Promise<number>): void {
  const reply = async (question: unknown): Promise<void> => {
    process.send?.(await answer(question as never));
  };
  process.on('message', (question) => void reply(question));
  process.on('disconnect', () => process.exit());
}
