import { ConfigError, readConfig } from './config.js';
import { createLog, shutConsole } from './log.js';
import { OtherWorkerError, WrongKeyError } from './store/store.js';
import { StoreInUseError } from './store/lock.js';
import { startWorker } from './worker.js';

shutConsole();

let config;
try {
  config = readConfig(process.env);
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  for (const problem of error.problems) process.stderr.write(`${problem}\n`);
  process.exit(2);
}

const log = createLog({ level: config.logLevel });
process.on('unhandledRejection', error => log.error('unhandled', { error: error instanceof Error ? error : String(error) }));

let worker;
try {
  worker = await startWorker({ config, log });
} catch (error) {
  if (![WrongKeyError, OtherWorkerError, StoreInUseError].some(kind => error instanceof kind) && !error.code) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exit(2);
}

for (const signal of ['SIGTERM', 'SIGINT']) {
  process.on(signal, () => {
    // Asked twice: at once.
    if (process.exitCode !== undefined) process.exit(1);
    process.exitCode = 0;
    worker.stop().then(() => process.exit(0), error => {
      log.error('stop_failed', { error });
      process.exit(1);
    });
  });
}
