// pg-boss with jobs that do nothing, one at a time; asked by Dispatch.Bench (NodePeer.cs).
import PgBoss from 'pg-boss';
import { serve } from './protocol.js';

const boss = new PgBoss({ connectionString: process.argv[2], max: 20, supervise: false, schedule: false });
boss.on('error', (e) => console.error(e.message));
await boss.start();
await boss.createQueue('noop');
let loops = [];
let running = false;

await serve({
  enqueue: (due, ahead) => boss.send('noop', { due }, ahead > 0 ? { startAfter: new Date(due) } : {}),
  start: async (onJob, paced) => {
    // Its workers sleep half a second at least after each job, which says nothing of how fast it is: what is there is fetched and completed by 16 loops.
    if (paced) {
      for (let i = 0; i < 16; i++) await boss.work('noop', { batchSize: 1, pollingIntervalSeconds: 0.5 }, async ([job]) => onJob(job.data.due));
      return;
    }
    running = true;
    loops = Array.from({ length: 16 }, async () => {
      while (running) {
        const [job] = await boss.fetch('noop', { batchSize: 1 });
        if (!job) continue;
        onJob(job.data.due);
        await boss.complete('noop', job.id);
      }
    });
  },
  stop: async () => {
    running = false;
    await Promise.all(loops);
    loops = [];
    await boss.offWork('noop');
  },
  close: () => boss.stop({ graceful: false }),
});
