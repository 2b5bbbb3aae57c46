import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { syncFolder } from './encryptedLog.js';
import { EncryptedMap } from './encryptedMap.js';
import { takeLock } from './lock.js';

export class WrongKeyError extends Error {
  constructor(path) {
    super(`WORKER_STORE_KEY does not fit the store ${path}: it was written with another key. Give the old key, or move the folder away and scan every number again.`);
    this.name = 'WrongKeyError';
  }
}

export class OtherWorkerError extends Error {
  constructor(path, owner) {
    super(`the store ${path} belongs to worker "${owner}"; set WORKER_ID to it or WORKER_STORE_PATH to another folder`);
    this.name = 'OtherWorkerError';
  }
}

/**
 * Everything the worker remembers, encrypted, in one folder:
 *   numbers   which numbers it holds and under which session (the fencing token)
 *   commands  the ids of the last commands, so that none is carried out twice
 *   sends     what became of each text that was to be sent
 *   outbox    answers that the broker has not confirmed yet
 *   lids      which phone number is behind a LID
 *   creds/…   the WhatsApp credentials of one number each
 */
export async function openStore({ storePath, storeKey, workerId }) {
  await mkdir(join(storePath, 'creds'), { recursive: true, mode: 0o700 });
  const unlock = await takeLock(join(storePath, 'lock'));
  const opened = [];
  const openMap = async (file, name) => {
    const map = new EncryptedMap(join(storePath, file), name, storeKey);
    const { torn } = await map.open();
    opened.push(map);
    return { map, torn };
  };
  try {
    const owner = await openMap('owner', 'owner');
    // This file is only ever written whole, so a record that does not open here is not a torn write.
    if (owner.torn) throw new WrongKeyError(storePath);
    if (!owner.map.has('workerId')) await owner.map.set('workerId', workerId);
    if (owner.map.get('workerId') !== workerId) throw new OtherWorkerError(storePath, owner.map.get('workerId'));

    const [numbers, commands, sends, outbox, lids] = await Promise.all(['numbers', 'commands', 'sends', 'outbox', 'lids'].map(async name => (await openMap(name, name)).map));
    const credentials = numberId => new EncryptedMap(join(storePath, 'creds', numberId), `creds:${numberId}`, storeKey);
    return {
      numbers, commands, sends, outbox, lids,
      async openCredentials(numberId) {
        const map = credentials(numberId);
        await map.open();
        return map;
      },
      async deleteCredentials(numberId) {
        await rm(join(storePath, 'creds', numberId), { force: true });
        await syncFolder(join(storePath, 'creds'));
      },
      async close() {
        for (const map of opened) await map.close();
        await unlock();
      },
    };
  } catch (error) {
    for (const map of opened) await map.close();
    await unlock();
    throw error;
  }
}
