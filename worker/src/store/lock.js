import { open, readFile, rm, stat, utimes } from 'node:fs/promises';
import { hostname } from 'node:os';

const REFRESH_MS = 10_000;
const STALE_MS = 30_000;

export class StoreInUseError extends Error {
  constructor(path, holder) {
    super(`the store ${path} is in use by process ${holder.pid} on ${holder.host}; two workers on one store would fight over every number`);
    this.name = 'StoreInUseError';
  }
}

/**
 * One process for one store. On the same machine the process id says whether the holder lives; from another machine (a shared volume) only its sign of life
 * every 10 s can be seen, and a holder is given up after 30 s without one.
 */
export async function takeLock(path, { now = () => Date.now(), pid = process.pid, host = hostname() } = {}) {
  for (let attempt = 0; ; attempt += 1) {
    try {
      const file = await open(path, 'wx', 0o600);
      await file.writeFile(JSON.stringify({ pid, host }));
      await file.close();
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
      const holder = await readHolder(path);
      if (attempt > 0 || (await isAlive(path, holder, { now, pid, host }))) throw new StoreInUseError(path, holder);
      await rm(path, { force: true });
    }
  }
  const refresh = setInterval(() => utimes(path, new Date(now()), new Date(now())).catch(() => {}), REFRESH_MS);
  refresh.unref();
  return async () => {
    clearInterval(refresh);
    await rm(path, { force: true });
  };
}

async function readHolder(path) {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch {
    return { pid: 0, host: 'unknown' };
  }
}

async function isAlive(path, holder, { now, pid, host }) {
  if (holder.host === host) {
    // A container gets the same process id again after a crash.
    if (!holder.pid || holder.pid === pid) return false;
    try {
      process.kill(holder.pid, 0);
      return true;
    } catch (error) {
      return error.code === 'EPERM';
    }
  }
  const seen = await stat(path).then(found => found.mtimeMs, () => 0);
  return now() - seen < STALE_MS;
}
