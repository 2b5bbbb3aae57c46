const WINDOW = 256;
const UNROUTABLE_AGAIN_MS = 5_000;

/**
 * Answers that must arrive: kept on disk, encrypted, until the broker has confirmed them, published in the order in which they were given. After a crash or a
 * lost confirm one may be published again, with the same id, and Dispatch knows it by that.
 */
export class Outbox {
  #order = new Set(); #inFlight = new Set(); #next = 1; #waiting; #idle = [];

  /**
   * @param {object} parts
   * @param {import('./store/encryptedMap.js').EncryptedMap} parts.map
   * @param {(message: object, expiresInMs?: number) => object} parts.envelope
   */
  constructor({ map, broker, envelope, log, timers }) {
    Object.assign(this, { map, broker, envelope, log, timers });
    const left = map.keys().sort();
    this.#order = new Set(left);
    if (left.length) this.#next = Number(left.at(-1)) + 1;
    broker.onUp(() => this.pump());
  }

  /** How many wait. */
  get size() { return this.#order.size; }

  /** Kept when the promise is kept; published as soon as possible. */
  async put(message) {
    const key = String(this.#next++).padStart(15, '0');
    await this.map.set(key, message);
    this.#order.add(key);
    this.pump();
  }

  /** What is of no use later (a code, a sign of life) is published now or never. Says whether the broker has it and somebody will get it. */
  async tell(message, expiresAt) {
    const left = expiresAt - this.timers.now();
    if (left <= 0) return false;
    try {
      await this.broker.publish(this.envelope(message, left));
      return true;
    } catch (error) {
      this.log.debug('not_told', { kind: message.action, reason: error.why });
      return false;
    }
  }

  pump() {
    if (!this.broker.isUp || this.#waiting) return;
    for (const key of this.#order) {
      if (this.#inFlight.size >= WINDOW) break;
      if (!this.#inFlight.has(key)) void this.#publish(key);
    }
  }

  /** Resolves when nothing waits any more. */
  flushed() {
    return this.#order.size ? new Promise(resolve => this.#idle.push(resolve)) : Promise.resolve();
  }

  async #publish(key) {
    this.#inFlight.add(key);
    try {
      await this.broker.publish(this.envelope(this.map.get(key)));
      this.#order.delete(key);
      await this.map.delete(key);
      if (!this.#order.size) for (const done of this.#idle.splice(0)) done();
    } catch (error) {
      if (error.why === 'unroutable' || error.why === 'refused') this.#later(error.why);
      else if (!error.why) this.log.error('outbox_failed', { error });
    } finally {
      this.#inFlight.delete(key);
    }
    this.pump();
  }

  /** Dispatch has not declared its queue yet, or the broker refuses for a while. */
  #later(why) {
    if (this.#waiting) return;
    this.log.warn('answers_wait', { reason: why, waiting: this.#order.size });
    this.#waiting = this.timers.after(UNROUTABLE_AGAIN_MS, () => {
      this.#waiting = undefined;
      this.pump();
    });
  }
}
