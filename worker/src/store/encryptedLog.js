import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

// An append-only file of encrypted records: one append, one fsync, and what a crash left half-written at the end is as if it had never been. Everything the
// worker keeps (credentials, sent ids, answers not yet delivered) is such a file, so there is one place where keys, nonces and torn writes are thought about.
//
//   file   = "DWL1" salt(16) record*
//   record = length(4, big endian, of the rest) nonce(12) ciphertext tag(16)
//
// AES-256-GCM under a key of its own for each file (HKDF of the store key, the salt and the file's name), with the record's place in the file authenticated:
// a record that is moved, dropped from the middle or carried over from another file does not open.

const MAGIC = Buffer.from('DWL1');
const HEAD = MAGIC.length + 16;
const NONCE = 12;
const TAG = 16;

export class DamagedStoreError extends Error {
  constructor(name, record) {
    super(`${name}: record ${record} does not open; the file was changed or damaged after it was written`);
    this.name = 'DamagedStoreError';
  }
}

export class EncryptedLog {
  #path; #name; #storeKey; #key; #handle; #broken;
  #records = 0; #bytes = 0; #waiting = [];
  // Appends, rewrites and the closing follow one another through this.
  #tail = Promise.resolve();

  constructor(path, name, storeKey) {
    this.#path = path;
    this.#name = name;
    this.#storeKey = storeKey;
  }

  /** Records written since the file was last rewritten. */
  get records() { return this.#records; }

  /** Bytes on disk. */
  get bytes() { return this.#bytes; }

  /**
   * Opens the file, or begins it, and gives each record to `take` in order.
   * @param {(record: any) => void} take
   * @returns {Promise<{ torn: boolean }>} torn: an unfinished record at the end was cut off.
   */
  async open(take) {
    await rm(`${this.#path}.new`, { force: true });
    const content = await readFile(this.#path).catch(error => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    // Nothing was ever acknowledged from a file shorter than its head: the first rewrite is atomic.
    if (!content || content.length < HEAD) {
      await this.rewrite([]);
      return { torn: false };
    }
    if (!content.subarray(0, MAGIC.length).equals(MAGIC)) throw new DamagedStoreError(this.#name, 0);
    this.#useSalt(content.subarray(MAGIC.length, HEAD));
    let at = HEAD;
    while (at < content.length) {
      const end = at + 4 <= content.length ? at + 4 + content.readUInt32BE(at) : Infinity;
      if (end > content.length) break;
      let record;
      try {
        record = this.#unseal(content.subarray(at + 4, end), this.#records);
      } catch {
        // A file may have grown before its last block was written: then nothing but zeros follows. Otherwise this record had been finished once.
        if (end === content.length || content.subarray(at).every(byte => byte === 0)) break;
        throw new DamagedStoreError(this.#name, this.#records);
      }
      take(record);
      this.#records += 1;
      at = end;
    }
    this.#handle = await open(this.#path, 'r+');
    this.#bytes = at;
    if (at < content.length) {
      await this.#handle.truncate(at);
      await this.#handle.datasync();
    }
    return { torn: at < content.length };
  }

  /** Writes one record; when the promise is kept, it is on disk. Appends that wait together share one fsync and still stand or fall one by one. */
  append(record) {
    return new Promise((kept, failed) => {
      this.#waiting.push({ record, kept, failed });
      if (this.#waiting.length === 1) this.#tail = this.#tail.then(() => this.#flush());
    });
  }

  async #flush() {
    const batch = this.#waiting;
    this.#waiting = [];
    try {
      // After a failed write nobody knows what is on disk: the next opening of the file finds out.
      if (this.#broken) throw this.#broken;
      let number = this.#records;
      const frames = Buffer.concat(batch.map(({ record }) => this.#seal(record, number++)));
      await this.#handle.write(frames, 0, frames.length, this.#bytes);
      await this.#handle.datasync();
      this.#records = number;
      this.#bytes += frames.length;
    } catch (error) {
      this.#broken = error;
      for (const { failed } of batch) failed(error);
      return;
    }
    for (const { kept } of batch) kept();
  }

  /** Replaces the whole content, atomically. `records` is read after the appends before it are done. */
  rewrite(records) {
    const done = this.#tail.then(async () => {
      const list = typeof records === 'function' ? records() : records;
      const salt = randomBytes(16);
      this.#useSalt(salt);
      let number = 0;
      const content = Buffer.concat([MAGIC, salt, ...list.map(record => this.#seal(record, number++))]);
      const next = `${this.#path}.new`;
      const handle = await open(next, 'w', 0o600);
      await handle.writeFile(content);
      await handle.sync();
      await rename(next, this.#path);
      await syncFolder(dirname(this.#path));
      await this.#handle?.close();
      this.#handle = handle;
      this.#records = number;
      this.#bytes = content.length;
      this.#broken = undefined;
    });
    this.#tail = done.catch(error => { this.#broken = error; });
    return done;
  }

  async close() {
    await this.#tail;
    await this.#handle?.close();
    this.#handle = undefined;
    this.#broken = new Error(`${this.#name} is closed`);
  }

  #useSalt(salt) {
    this.#key = Buffer.from(hkdfSync('sha256', this.#storeKey, Buffer.from(salt), `dispatch-worker:${this.#name}`, 32));
    this.#records = 0;
  }

  #seal(record, number) {
    const nonce = randomBytes(NONCE);
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce).setAAD(place(number));
    const sealed = Buffer.concat([nonce, cipher.update(JSON.stringify(record), 'utf8'), cipher.final(), cipher.getAuthTag()]);
    const frame = Buffer.alloc(4 + sealed.length);
    frame.writeUInt32BE(sealed.length, 0);
    sealed.copy(frame, 4);
    return frame;
  }

  #unseal(sealed, number) {
    const cipher = createDecipheriv('aes-256-gcm', this.#key, sealed.subarray(0, NONCE)).setAAD(place(number)).setAuthTag(sealed.subarray(sealed.length - TAG));
    return JSON.parse(Buffer.concat([cipher.update(sealed.subarray(NONCE, sealed.length - TAG)), cipher.final()]).toString('utf8'));
  }
}

const place = number => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(number));
  return bytes;
};

/** Makes a rename survive a power cut; where a folder cannot be synced the rename is atomic all the same. */
export async function syncFolder(path) {
  try {
    const folder = await open(path, 'r');
    try { await folder.sync(); } finally { await folder.close(); }
  } catch { /* not every file system lets a folder be synced */ }
}
