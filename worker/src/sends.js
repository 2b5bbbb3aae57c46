import { createHash } from 'node:crypto';

/** WhatsApp's id for a message is chosen by who sends it. Made of the reference, it is the same at every try: even a message that went out twice would be one on the phone. */
export const messageIdOf = (key, ref) => `3EB0${createHash('sha256').update(`${key}\n${ref}`).digest('hex').slice(0, 18).toUpperCase()}`;

const DAY = 86_400_000;

/**
 * Which sends were begun and how they ended. A send is written down before it is handed over, so after a crash in between it is known that it may have left.
 */
export class Sends {
  constructor({ map, keptDays, timers }) {
    Object.assign(this, { map, timers });
    this.keptMs = keptDays * DAY;
  }

  /** @returns {{ status: 'sending'|'sent'|'failed'|'uncertain', ref: string, key: string, at: number, errorCode?: number, error?: string } | undefined} */
  get(messageId) { return this.map.get(messageId); }

  has(messageId) { return this.map.has(messageId); }

  /** Older ones are not remembered any more, so they are not carried out any more either. */
  isTooOld(at) { return at !== undefined && at < this.timers.now() - this.keptMs + DAY; }

  begin(messageId, { key, ref, numberId, sessionId }) {
    return this.map.set(messageId, { status: 'sending', key, ref, numberId, sessionId, at: this.timers.now() });
  }

  end(messageId, outcome) {
    return this.map.set(messageId, { ...this.map.get(messageId), ...outcome });
  }

  /** Those that a process before this one began and did not end. */
  interrupted() { return this.map.entries().filter(([, send]) => send.status === 'sending'); }

  /** Forgets what is too old. */
  async tidy() {
    const limit = this.timers.now() - this.keptMs;
    const old = this.map.entries().filter(([, send]) => send.at < limit && send.status !== 'sending').map(([id]) => [id, undefined]);
    if (old.length) await this.map.change(old);
  }
}
