import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { appendFile, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { BufferJSON } from 'baileys';
import { credentialsOver } from '../src/store/credentials.js';
import { EncryptedMap } from '../src/store/encryptedMap.js';
import { DamagedStoreError } from '../src/store/encryptedLog.js';
import { StoreInUseError, takeLock } from '../src/store/lock.js';
import { openStore, OtherWorkerError, WrongKeyError } from '../src/store/store.js';

const inFolder = (name, work) => test(name, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'store-'));
  try { await work(folder); } finally { await rm(folder, { recursive: true, force: true }); }
});
const key = randomBytes(32);
const openMap = async (path, name = 'm', storeKey = key) => {
  const map = new EncryptedMap(path, name, storeKey);
  const found = await map.open();
  return Object.assign(map, found);
};

inFolder('map_ClosedAndOpenedAgain_HasTheSame', async folder => {
  const path = join(folder, 'm');
  const map = await openMap(path);
  await map.set('a', { n: 1 });
  await map.change([['b', 'x'], ['a', { n: 2 }], ['c', 0]]);
  await map.delete('c');
  await map.close();
  assert.deepEqual((await openMap(path)).entries(), [['a', { n: 2 }], ['b', 'x']]);
});

inFolder('map_OnDisk_ShowsNothing', async folder => {
  const map = await openMap(join(folder, 'm'));
  await map.set('session/221771234567', { secret: 'very plain words' });
  const bytes = await readFile(join(folder, 'm'));
  for (const word of ['221771234567', 'plain', 'secret']) assert.ok(!bytes.includes(word));
  assert.equal((await stat(join(folder, 'm'))).mode & 0o777, 0o600);
});

inFolder('map_TornAtAnyByteOfTheLastRecord_LosesOnlyThatRecord', async folder => {
  const path = join(folder, 'm');
  const map = await openMap(path);
  await map.set('kept', 1);
  const whole = (await stat(path)).size;
  await map.set('torn', 2);
  await map.close();
  const content = await readFile(path);
  for (let size = whole; size < content.length; size += 1) {
    await writeFile(path, content.subarray(0, size));
    const again = await openMap(path);
    assert.deepEqual(again.entries(), [['kept', 1]]);
    assert.equal(again.torn, size > whole);
    await again.set('next', 3);
    await again.close();
    assert.deepEqual((await openMap(path)).keys(), ['kept', 'next']);
  }
});

inFolder('map_GrownButNotWritten_LosesOnlyThatRecord', async folder => {
  const path = join(folder, 'm');
  const map = await openMap(path);
  await map.set('kept', 1);
  await map.close();
  await appendFile(path, Buffer.alloc(300));
  assert.deepEqual((await openMap(path)).entries(), [['kept', 1]]);
});

inFolder('map_ChangedInTheMiddle_IsSaidToBeDamaged', async folder => {
  const path = join(folder, 'm');
  const map = await openMap(path);
  for (let n = 0; n < 5; n += 1) await map.set(`k${n}`, n);
  await map.close();
  const content = await readFile(path);
  content[60] ^= 1;
  await writeFile(path, content);
  await assert.rejects(openMap(path), DamagedStoreError);
});

inFolder('map_RecordsSwappedOrFromAnotherFile_DoNotOpen', async folder => {
  const [one, two] = [join(folder, '1'), join(folder, '2')];
  const first = await openMap(one, 'first');
  await first.set('a', 1);
  await first.set('a', 2);
  await first.set('a', 3);
  await first.close();
  await writeFile(two, await readFile(one));
  await assert.rejects(openMap(two, 'second'), DamagedStoreError, 'a file under another name');
  const content = await readFile(one);
  const length = 4 + content.readUInt32BE(20);
  const swapped = Buffer.concat([content.subarray(0, 20), content.subarray(20 + length, 20 + 2 * length), content.subarray(20, 20 + length), content.subarray(20 + 2 * length)]);
  await writeFile(one, swapped);
  await assert.rejects(openMap(one, 'first'), DamagedStoreError, 'records in another order');
});

inFolder('map_ManyChanges_IsRewrittenAndStaysSmall', async folder => {
  const path = join(folder, 'm');
  const map = await openMap(path);
  await Promise.all(Array.from({ length: 3_000 }, (_, n) => map.set(`k${n % 10}`, n)));
  await map.set('last', 1);
  assert.ok((await stat(path)).size < 60_000, `${(await stat(path)).size} bytes`);
  await map.close();
  const again = await openMap(path);
  assert.equal(again.size, 11);
  assert.equal(again.get('k9'), 2_999);
});

inFolder('store_WrongKey_IsSaidPlainly', async folder => {
  const config = { storePath: folder, storeKey: key, workerId: 'w1' };
  await (await openStore(config)).close();
  await assert.rejects(openStore({ ...config, storeKey: randomBytes(32) }), error => error instanceof WrongKeyError && /WORKER_STORE_KEY does not fit/.test(error.message));
  await (await openStore(config)).close();
});

inFolder('store_OfAnotherWorker_IsNotTouched', async folder => {
  await (await openStore({ storePath: folder, storeKey: key, workerId: 'w1' })).close();
  await assert.rejects(openStore({ storePath: folder, storeKey: key, workerId: 'w2' }), OtherWorkerError);
});

inFolder('store_OpenedTwice_IsRefused', async folder => {
  const lock = join(folder, 'lock');
  const free = await takeLock(lock, { pid: process.ppid });
  await assert.rejects(takeLock(lock), StoreInUseError);
  await free();
  await (await takeLock(lock))();
});

inFolder('lock_OfADeadProcessOrAnotherMachine_IsTakenOver', async folder => {
  const lock = join(folder, 'lock');
  await writeFile(lock, JSON.stringify({ pid: 999_999_99, host: (await import('node:os')).hostname() }));
  await (await takeLock(lock))();
  await writeFile(lock, JSON.stringify({ pid: 1, host: 'elsewhere' }));
  await assert.rejects(takeLock(lock), StoreInUseError);
  await (await takeLock(lock, { now: () => Date.now() + 31_000 }))();
});

inFolder('credentials_OverARestart_AreTheSame', async folder => {
  const config = { storePath: folder, storeKey: key, workerId: 'w1' };
  let store = await openStore(config);
  let auth = credentialsOver(await store.openCredentials('6'));
  auth.creds.account = { details: Buffer.from('abc') };
  auth.creds.me = { id: '221771234567:1@s.whatsapp.net' };
  await auth.save();
  await auth.keys.set({ session: { 'a.1': Buffer.from([1, 2, 3]) }, 'pre-key': { 1: { public: Buffer.from([4]), private: Buffer.from([5]) }, 2: { public: Buffer.from([6]), private: Buffer.from([7]) } } });
  await auth.keys.set({ 'pre-key': { 1: null }, 'app-state-sync-key': { x: { keyData: Buffer.from([9]) } }, 'lid-mapping': { 111: '221770000001' } });
  const expected = JSON.stringify(auth.creds, BufferJSON.replacer);
  await auth.close();
  await store.close();

  store = await openStore(config);
  auth = credentialsOver(await store.openCredentials('6'));
  assert.equal(JSON.stringify(auth.creds, BufferJSON.replacer), expected);
  assert.equal(auth.paired, true);
  assert.deepEqual(auth.keys.get('session', ['a.1', 'none']), { 'a.1': Buffer.from([1, 2, 3]) });
  assert.deepEqual(auth.keys.get('pre-key', ['1', '2']), { 2: { public: Buffer.from([6]), private: Buffer.from([7]) } });
  assert.deepEqual(Buffer.from(auth.keys.get('app-state-sync-key', ['x']).x.keyData), Buffer.from([9]));
  assert.deepEqual(auth.keys.get('lid-mapping', ['111']), { 111: '221770000001' });
  const session = auth.keys.get('session', ['a.1'])['a.1'];
  session[0] = 99;
  assert.equal(auth.keys.get('session', ['a.1'])['a.1'][0], 1, 'what is read is a copy');
  await auth.close();
  await store.deleteCredentials('6');
  assert.deepEqual(await readdir(join(folder, 'creds')), []);
  await store.close();
});

inFolder('credentials_TruncatedToNothing_BeginAnew', async folder => {
  const store = await openStore({ storePath: folder, storeKey: key, workerId: 'w1' });
  await (await store.openCredentials('6')).close();
  await truncate(join(folder, 'creds', '6'), 7);
  const auth = credentialsOver(await store.openCredentials('6'));
  assert.equal(auth.paired, false);
  await auth.close();
  await store.close();
});
