/** A clock that a test moves; what is due runs in order. */
export class FakeTimers {
  #now = 1_800_000_000_000; #due = []; #count = 0;
  now = () => this.#now;
  after = (ms, work) => {
    const entry = { at: this.#now + ms, order: this.#count++, work };
    this.#due.push(entry);
    return () => { this.#due = this.#due.filter(other => other !== entry); };
  };
  get waits() { return this.#due.map(entry => entry.at - this.#now).sort((a, b) => a - b); }
  async pass(ms) {
    const end = this.#now + ms;
    for (;;) {
      const next = this.#due.filter(entry => entry.at <= end).sort((a, b) => a.at - b.at || a.order - b.order)[0];
      if (!next) break;
      this.#now = next.at;
      this.#due = this.#due.filter(entry => entry !== next);
      await next.work();
    }
    this.#now = end;
  }
}

/** Waits for a condition; what it gives back is the condition's value. */
export async function eventually(condition, what = 'the condition', ms = 10_000) {
  const end = Date.now() + ms;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > end) throw new Error(`${what} did not come true within ${ms} ms`);
    await new Promise(resolve => setTimeout(resolve, 5));
  }
}
