// graphile-worker with jobs that do nothing, 16 at a time; asked by Dispatch.Bench (NodePeer.cs).
import { Logger, makeWorkerUtils, run } from 'graphile-worker';
import pg from 'pg';
import { serve } from './protocol.js';

const pool = new pg.Pool({ connectionString: process.argv[2], max: 20 });
const logger = new Logger(() => () => {});
const utils = await makeWorkerUtils({ pgPool: pool, logger });
await utils.migrate();
let runner = null;

await serve({
  enqueue: (due, ahead) => utils.addJob('noop', { due }, ahead > 0 ? { runAt: new Date(due) } : undefined),
  start: async (onJob) => {
    runner = await run({ pgPool: pool, logger, concurrency: 16, pollInterval: 1000, noHandleSignals: true, taskList: { noop: async (payload) => onJob(payload.due) } });
  },
  stop: () => runner.stop(),
  close: async () => { await utils.release(); await pool.end(); },
});
