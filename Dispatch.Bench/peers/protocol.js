import { createInterface } from 'node:readline';

const say = (answer) => process.stdout.write(JSON.stringify(answer) + '\n');
const now = () => performance.timeOrigin + performance.now();
const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

// One line of JSON for each line: how fast jobs are stored (16 in flight), how fast they are executed, and how long after they were due they start.
export async function serve(peer) {
  say({ ready: true });
  for await (const line of createInterface({ input: process.stdin })) {
    const { command, count, ahead } = JSON.parse(line);
    if (command === 'enqueue') {
      const start = now();
      let next = 0;
      await Promise.all(Array.from({ length: 16 }, async () => { while (next < count) { next++; await peer.enqueue(0, 0); } }));
      say({ seconds: (now() - start) / 1000 });
    } else if (command === 'execute') {
      const start = now();
      await executed(peer, count, false, () => {}, async () => {});
      say({ seconds: (now() - start) / 1000 });
    } else if (command === 'latency') {
      const waits = [];
      await executed(peer, count, true, (due) => waits.push(now() - due), async () => {
        await pause(2000);
        for (let i = 0; i < count; i++) {
          await pause(10);
          const due = now() + ahead;
          await peer.enqueue(due, ahead);
        }
      });
      say({ milliseconds: waits });
    } else {
      await peer.close();
      say({});
      process.exit(0);
    }
  }
}

async function executed(peer, count, paced, onJob, work) {
  let done = 0;
  let finish;
  const all = new Promise((resolve) => { finish = resolve; });
  await peer.start((due) => { onJob(due); if (++done === count) finish(); }, paced);
  await work();
  await all;
  await peer.stop();
}
