// What calls do that cannot wait: whether each lets the event loop have a turn.

/** Which of some calls in a row let the event loop have a turn first. */
export async function yieldsOf(calls: number, call: () => Promise<unknown>): Promise<readonly boolean[]> {
  const yields: boolean[] = [];
  for (let n = 0; n < calls; n += 1) {
    let hadTurn = false;
    const immediate = setImmediate(() => {
      hadTurn = true;
    });
    await call();
    clearImmediate(immediate);
    yields.push(hadTurn);
  }
  return yields;
}
