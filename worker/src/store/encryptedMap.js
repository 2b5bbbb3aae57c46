import { EncryptedLog } from './encryptedLog.js';

const LEAST_BEFORE_REWRITE = 500;

/**
 * A small map that survives: everything in memory, each change one record of an encrypted log. Values are kept as JSON, so what is read is a copy.
 * The log is rewritten when it holds four times as many records as the map has entries.
 */
export class EncryptedMap {
  #log; #values = new Map(); #rewriting = false; #closed = false;

  constructor(path, name, storeKey) {
    this.#log = new EncryptedLog(path, name, storeKey);
  }

  async open() {
    const found = await this.#log.open(record => this.#apply(record));
    await this.#rewriteIfLong();
    return found;
  }

  get size() { return this.#values.size; }

  has(key) { return this.#values.has(key); }

  get(key) {
    const json = this.#values.get(key);
    return json === undefined ? undefined : JSON.parse(json);
  }

  keys() { return [...this.#values.keys()]; }

  /** @returns {[string, any][]} oldest key first */
  entries() { return [...this.#values].map(([key, json]) => [key, JSON.parse(json)]); }

  set(key, value) { return this.change([[key, value]]); }

  delete(key) { return this.has(key) ? this.change([[key, undefined]]) : Promise.resolve(); }

  /**
   * All of it or nothing; kept when it is on disk. In memory it holds at once, so that two changes made one after the other see each other.
   * @param {[string, any][]} entries undefined takes the key away.
   */
  async change(entries) {
    const record = entries.map(([key, value]) => (value === undefined ? [key] : [key, JSON.stringify(value)]));
    this.#apply(record);
    await this.#log.append(record);
    await this.#rewriteIfLong();
  }

  async close() {
    this.#closed = true;
    await this.#log.close();
  }

  #apply(record) {
    for (const [key, json] of record) {
      if (json === undefined) this.#values.delete(key);
      else this.#values.set(key, json);
    }
  }

  async #rewriteIfLong() {
    if (this.#rewriting || this.#closed || this.#log.records < LEAST_BEFORE_REWRITE || this.#log.records < 4 * this.#values.size) return;
    this.#rewriting = true;
    try {
      await this.#log.rewrite(() => [[...this.#values]]);
    } finally {
      this.#rewriting = false;
    }
  }
}
