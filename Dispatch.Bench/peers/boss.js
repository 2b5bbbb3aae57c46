// pg-boss with jobs that do nothing, one at a time in each of 16 workers; asked by Dispatch.Bench (NodePeer.cs).
import PgBoss from 'pg-boss';
import { serve } from './protocol.js';

const boss = new PgBoss({ connectionString: process.argv[2], max: 20, supervise: false, schedule: false });
boss.on('error', (e) => console.error(e.message));
await boss.start();
await boss.createQueue('noop');

await serve({
  enqueue: (due, ahead) => boss.send('noop', { due }, ahead > 0 ? { startAfter: new Date(due) } : {}),
  start: async (onJob) => {
    // Half a second is the shortest pause between two looks that it allows.
    for (let i = 0; i < 16; i++) await boss.work('noop', { batchSize: 1, pollingIntervalSeconds: 0.5 }, async ([job]) => onJob(job.data.due));
  },
  stop: () => boss.offWork('noop'),
  close: () => boss.stop({ graceful: false }),
});
