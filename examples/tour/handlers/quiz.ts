import type { ServerSocket } from 'corosock';

const questions = [
  ['How many bits make a byte?', 8],
  ['Which HTTP status opens a WebSocket?', 101],
  ['What is 12 times 12?', 144],
] as const;

// Ten seconds for each question: running out of time is just an answer.
export async function quiz(ws: ServerSocket): Promise<void> {
  let points = 0;
  await ws.write('Three questions, ten seconds each. Ready?');
  const [, ready] = await ws.read({ timeoutMs: 15_000 });
  if (ready !== 'ok') return;

  for (const [question, answer] of questions) {
    await ws.write(question);
    const [said, status] = await ws.read({ timeoutMs: 10_000 });
    if (status === 'closed') return;
    if (status === 'timeout') await ws.write(`Time is up: ${answer}.`);
    else if (Number(said) !== answer) await ws.write(`No, ${answer}.`);
    else await ws.write(`Right! Points: ${++points}.`);
  }
  await ws.write(`You have ${points} of ${questions.length} points.`);
}
