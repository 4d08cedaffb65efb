// One member of a program that proves the broker between processes and threads: says that it is
// there, sends 20 messages when all are, and reports what it has got, by sender and in order.

const MESSAGES = 20;

/** Runs a member. Resolves with the reports of all, for the main one; others end with their process. */
export async function runMember(broker, name, members) {
  const others = members.filter((member) => member !== name);
  const got = Object.fromEntries(others.map((other) => [other, []]));
  const reports = {};
  const there = new Set();
  const say = (address, value) => broker.publish(address, Buffer.from(JSON.stringify(value)));
  const hear = (address, receive) =>
    broker.subscribe(
      address,
      (bytes) => receive(JSON.parse(Buffer.from(bytes).toString())),
      () => {},
    );
  const { promise: allReported, resolve } = Promise.withResolvers?.() ?? deferred();
  const isComplete = () => others.every((other) => got[other].length === MESSAGES);
  let hasBegun = false;
  /** Once: members say that they are there until they are heard, and may be told to go twice. */
  const sendAll = async () => {
    if (hasBegun) return;
    hasBegun = true;
    for (let index = 0; index < MESSAGES; index += 1) await say('room', { name, index });
  };
  await hear('room', (message) => {
    got[message.name].push(`${message.index}`);
    if (isComplete() && name !== 'main') void say('report', { name, got });
  });
  if (name === 'main') {
    await hear('report', (report) => {
      reports[report.name] = report.got;
      if (Object.keys(reports).length === others.length) resolve();
    });
    await hear('there', (other) => {
      there.add(other);
      if (there.size < others.length) return;
      there.clear();
      void say('go', true).then(sendAll);
    });
    await allReported;
    while (!isComplete()) await new Promise((next) => setTimeout(next, 5));
    return { ...reports, main: got };
  }
  await hear('go', () => {
    clearInterval(again);
    void sendAll();
  });
  // The main member may subscribe later.
  const again = setInterval(() => void say('there', name).catch(() => {}), 50);
  return undefined;
}

function deferred() {
  let resolve;
  const promise = new Promise((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
