import { CODES, lifeOf, toDataUrl } from './qr.js';
import { decide } from './reasons.js';
import { lidOf, readMessage } from './incoming.js';
import { mask } from './log.js';

// WhatsApp answers a ping every 30 s.
const SILENT_MS = 45_000;
const PHONE_SEEN_KEPT_MS = 600_000;
// Baileys' words when it could encrypt for none of the recipient's devices.
const NO_KEYS = 'All encryptions failed';

/**
 * One number: at most one socket at a time, what is known about it, and what follows when it closes. What it has to say goes through `emit`; the words are
 * those of the contract (contract.js).
 *
 * States: stopped, starting, waiting_qr, scanned, connected, reconnecting, ended (a person has to do something; `reason` says what).
 */
export class Session {
  state = 'stopped';
  reason;
  attempt = 0;
  #socket; #auth; #cancelRetry; #qr; #pairingCodeAsked = false; #chain = Promise.resolve(); #codeShown = false; #codes = 0;
  #stopping = false; #acks = new Map(); #known = new Map(); #limits;

  /**
   * @param {object} parts
   * @param {object} parts.record What is kept of the number: numberId, sessionId, issuedAt, phoneNumber, wanted, pairing ('qr'|'code'), pairedAt, phoneSeenAt,
   *   ended and endedCode (why it is not wanted), fresh (the credentials are not to be trusted).
   * @param {(action: string, fields: object, how?: object) => Promise<void>} parts.emit
   */
  constructor({ record, key, store, openCredentials, openSocket, emit, keep, log, timers, random, config }) {
    Object.assign(this, { record, key, store, openCredentials, openSocket, emit, keep, timers, random, config });
    this.ids = { numberId: record.numberId, sessionId: record.sessionId };
    this.log = Object.fromEntries(['debug', 'info', 'warn', 'error'].map(level => [level, (event, fields) => log[level](event, { ...this.ids, ...fields })]));
  }

  get paired() { return Boolean(this.#auth?.paired); }

  get connected() { return this.state === 'connected'; }

  get live() { return !['stopped', 'ended'].includes(this.state); }

  /** Opens the credentials and the first socket. Later failures are told by `emit`, never thrown. */
  async start() {
    this.#stopping = false;
    if (this.record.fresh) {
      await this.#closeCredentials();
      await this.store.deleteCredentials(this.key);
      await this.#keep({ fresh: undefined, pairedAt: undefined });
    }
    await this.#keep({ wanted: true, ended: undefined, endedCode: undefined });
    this.#auth ??= await this.openCredentials(this.key);
    this.attempt = 0;
    this.state = 'starting';
    this.reason = undefined;
    await this.emit('starting', {});
    this.#open();
  }

  /** Closes the socket and keeps the credentials; says nothing. */
  async close() {
    await this.#closeSocket();
    this.state = 'stopped';
    this.#qr = undefined;
    await this.#closeCredentials();
  }

  /** The same because somebody wants the number to be still: it stays so over restarts of the worker. */
  async stop() {
    const registered = this.paired || Boolean(this.record.pairedAt);
    await this.close();
    this.reason = 'stopped';
    await this.#keep({ wanted: false, ended: 'stopped', endedCode: 0 });
    await this.emit('closed', this.#closedFields(registered));
  }

  /** Closes the socket and opens another with the same credentials. */
  async restart() {
    await this.#closeSocket();
    await this.start();
  }

  /** Takes the device off the phone's list, as far as WhatsApp can be told, and forgets the credentials. */
  async logout() {
    const socket = this.#socket;
    this.#socket = undefined;
    this.#cancelRetry?.();
    const told = Boolean(socket) && this.connected && (await Promise.resolve(socket.logout()).then(() => true, () => false));
    if (!told) {
      this.log.warn('logout_untold');
      await Promise.resolve(socket?.close()).catch(() => {});
    }
    await this.#chain;
    this.state = 'stopped';
    this.reason = 'logged_out';
    this.#qr = undefined;
    await this.#forget();
    await this.#keep({ wanted: false, ended: 'logged_out', endedCode: 401 });
    // Not told: the phone still lists this device until somebody removes it there.
    await this.emit('closed', { ...this.#closedFields(false), told });
  }

  /** Tells again how things stand, for a command that came twice or a backend that asks. */
  async announce() {
    if (this.connected) return this.#tellConnected();
    if (this.state === 'waiting_qr' && this.#qr && this.#qr.expiresAt > this.timers.now()) return this.#tellQr();
    if (this.state === 'scanned') return this.emit('scanned', {});
    if (!this.live) return this.emit('closed', this.#closedFields());
    return this.emit('starting', {});
  }

  /** One word for `numbers[].state`. */
  get word() {
    return { waiting_qr: 'qr', stopped: 'closed', ended: 'closed' }[this.state] ?? this.state;
  }

  /** What a health report says; undefined before there was a connection that could be healthy. */
  health() {
    if (!this.record.pairedAt) return undefined;
    const silent = this.connected && this.#socket.silentFor() > SILENT_MS;
    const limited = this.#limits && (!this.#limits.until || this.#limits.until > this.timers.now()) ? this.#limits : undefined;
    return {
      status: !this.connected ? 'DISCONNECTED' : silent ? 'DEGRADED' : 'HEALTHY',
      reason: silent ? 'silent' : this.connected ? undefined : this.reason,
      lastMessageAt: this.#socket ? this.timers.now() - this.#socket.silentFor() : undefined,
      phoneSeenAt: this.record.phoneSeenAt ?? this.record.pairedAt,
      limited: limited?.kind,
      limitedUntil: limited?.until,
    };
  }

  /** A pairing code instead of a QR code, from now on. */
  async askPairingCode() {
    this.record.pairing = 'code';
    await this.keep(this.record);
    if (this.paired) return;
    await this.restart();
  }

  /**
   * Hands one text to WhatsApp, after the one before it, and waits until it is accepted.
   * @returns {{ handed: Promise<void>, outcome: Promise<{ status: 'sent'|'failed'|'uncertain', error?: string, errorCode?: number }> }}
   */
  sendText(address, text, messageId) {
    const socket = this.#socket;
    const outcome = new Promise(settle => {
      const cancel = this.timers.after(this.config.sendAckMs, () => settle({ status: 'uncertain', error: 'not_acknowledged' }));
      this.#acks.set(messageId, result => {
        cancel();
        this.#acks.delete(messageId);
        settle(result);
      });
    });
    void outcome.then(() => this.#acks.delete(messageId));
    const handing = Promise.resolve(socket.sendText(address, text, messageId)).catch(error => {
      // What fails while it is handed over may have left all the same; only this one is said before anything leaves.
      this.log.warn('send_broke', { messageId, error });
      this.#acks.get(messageId)?.(error.message === NO_KEYS ? { status: 'failed', error: 'no_keys' } : { status: 'uncertain', error: 'broke_off' });
    });
    return { handed: Promise.race([handing, outcome]), outcome };
  }

  /** The address to send to, or why there is none. `to` is a phone number or a LID. */
  async addressOf(to) {
    const lid = lidOf(to);
    if (lid) return { address: lid };
    const digits = to.replace(/@.*$/, '').replace(/^\+/, '');
    if (this.config.checkRecipients && !this.#known.has(digits)) {
      // Writing to numbers without WhatsApp is one of the things accounts are restricted for.
      const address = await this.#socket.addressOf(digits);
      if (!address) return { problem: 'not_on_whatsapp' };
      this.#known.set(digits, address);
    }
    return { address: this.#known.get(digits) ?? `${digits}@s.whatsapp.net` };
  }

  // ---------------------------------------------------------------- the socket

  #open() {
    if (this.#stopping || this.#socket) return;
    this.#cancelRetry = undefined;
    this.#pairingCodeAsked = false;
    this.#codeShown = false;
    this.#codes = 0;
    let socket;
    const listener = {
      onUpdate: update => this.#enqueue(() => this.#onUpdate(socket, update)),
      onMessages: (messages, append) => this.#enqueue(() => this.#onMessages(messages, append, socket)),
      onLid: mapping => this.#enqueue(() => this.#learnLid(mapping)),
      onAck: ({ messageId, error }) => this.#onAck(messageId, error),
      onStatus: status => this.#enqueue(() => this.onStatus?.(this, status)),
      onLimits: limits => { this.#limits = { kind: limits.kind, until: limits.until?.getTime() }; },
      onPhoneSeen: () => this.#enqueue(() => this.#onPhoneSeen()),
      onCredentials: () => this.#enqueue(() => this.#auth?.save()),
    };
    try {
      socket = this.openSocket({ auth: this.#auth, listener, log: this.log, ids: {}, config: this.config, pairing: this.record.pairing === 'code' });
    } catch (error) {
      this.log.error('socket_failed', { error });
      this.#enqueue(() => this.#closed(undefined, { code: undefined, message: '' }));
      return;
    }
    this.#socket = socket;
  }

  /** One thing at a time and in order: a QR code takes a moment to draw and must not be overtaken by the one that replaces it. */
  #enqueue(work) {
    this.#chain = this.#chain.then(work).catch(error => this.log.error('session_step_failed', { error }));
    return this.#chain;
  }

  async #onUpdate(socket, { connection, qr, isNewLogin, lastDisconnect }) {
    // What an older socket still says about its connection is of no interest any more; the messages it brings are.
    if (this.#socket !== socket) return;
    if (qr) await this.#onQr(socket, qr);
    if (isNewLogin) {
      this.state = 'scanned';
      this.#qr = undefined;
      await this.#keep({ pairedAt: this.timers.now(), pairing: 'qr' });
      this.log.info('scanned');
      await this.emit('scanned', {});
    }
    if (connection === 'open') {
      this.attempt = 0;
      this.state = 'connected';
      this.reason = undefined;
      this.#qr = undefined;
      if (!this.record.pairedAt) await this.#keep({ pairedAt: this.timers.now() });
      this.log.info('connected');
      await this.#tellConnected();
    }
    if (connection === 'close') {
      const error = lastDisconnect?.error;
      await this.#closed(socket, { code: error?.output?.statusCode, message: error?.message ?? '' });
    }
  }

  async #onQr(socket, raw) {
    this.#codeShown = true;
    if (this.record.pairing === 'code' && this.record.phoneNumber) {
      if (this.#pairingCodeAsked) return;
      this.#pairingCodeAsked = true;
      const code = await socket.requestPairingCode(this.record.phoneNumber.replace(/\D/g, ''));
      this.state = 'waiting_qr';
      this.#qr = { code, n: 1, of: 1, expiresAt: this.timers.now() + lifeOf(1) + (CODES - 1) * lifeOf(2) };
    } else {
      const n = ++this.#codes;
      const picture = await toDataUrl(raw);
      if (this.#socket !== socket) return;
      this.state = 'waiting_qr';
      this.#qr = { picture, n, of: Math.max(CODES, n), expiresAt: this.timers.now() + lifeOf(n) };
    }
    this.log.info('code_ready', { kind: this.#qr.code ? 'pairing_code' : 'qr', n: this.#qr.n, of: this.#qr.of });
    await this.#tellQr();
  }

  #tellQr() {
    const { picture, code, n, of, expiresAt } = this.#qr;
    // A code is a key to somebody's phone: it is never kept on disk and the broker lets it go when it has expired.
    const how = { secret: true, expiresAt };
    return code
      ? this.emit('pairing_code', { code, expiresAt }, how)
      : this.emit('qr_generated', { qrCode: picture, index: n, of, validFor: Math.max(1, expiresAt - this.timers.now()) }, how);
  }

  #closedFields(registered = Boolean(this.record.pairedAt)) {
    const { ended = 'stopped', endedCode = 0 } = this.record;
    return { code: endedCode, reason: ended, reconnects: false, registered, next: 'stop' };
  }

  #tellConnected() {
    const phone = this.#socket?.phone();
    return this.emit('connected', { phoneNumber: phone && `+${phone}`, name: this.#socket?.name() });
  }

  async #closed(socket, { code, message }) {
    this.#socket = undefined;
    const verdict = decide({ code, message, paired: this.paired, codeShown: this.#codeShown, attempt: this.attempt }, this.random);
    this.attempt += 1;
    this.reason = verdict.reason;
    this.#qr = undefined;
    for (const settle of this.#acks.values()) settle({ status: 'uncertain', error: 'connection_lost' });
    this.log.info('closed', { code, reason: verdict.reason, kind: verdict.next, attempt: this.attempt, waitMs: verdict.delayMs });
    const registered = this.paired && !verdict.forget;
    if (verdict.next === 'stop') {
      this.state = 'ended';
      if (verdict.forget) await this.#forget();
      else await this.#closeCredentials();
      await this.#keep({ wanted: false, ended: verdict.reason, endedCode: code ?? 0, ...(verdict.freshNext ? { fresh: true } : {}) });
    } else if (verdict.next === 'reconnect') {
      this.state = 'reconnecting';
    } else if (this.state !== 'scanned') {
      this.state = 'starting';
    }
    await this.emit('closed', {
      code: code ?? 0, reason: verdict.reason, reconnects: verdict.next !== 'stop', registered, next: verdict.next, attempt: this.attempt,
      delayMs: verdict.delayMs, circuitOpen: verdict.circuitOpen, detail: mask(message).slice(0, 200),
    });
    if (this.#stopping) return;
    if (verdict.next === 'restart') this.#open();
    else if (verdict.next === 'reconnect') this.#cancelRetry = this.timers.after(verdict.delayMs, () => this.#open());
  }

  async #closeSocket() {
    this.#stopping = true;
    this.#cancelRetry?.();
    this.#cancelRetry = undefined;
    const socket = this.#socket;
    this.#socket = undefined;
    for (const settle of this.#acks.values()) settle({ status: 'uncertain', error: 'connection_lost' });
    await Promise.resolve(socket?.close()).catch(error => this.log.warn('close_failed', { error }));
    // What it said until then is told and kept before anything else happens to this number.
    await this.#chain;
    this.#stopping = false;
  }

  async #closeCredentials() {
    const auth = this.#auth;
    this.#auth = undefined;
    await auth?.close();
  }

  async #forget() {
    await this.#closeCredentials();
    await this.store.deleteCredentials(this.key);
    await this.#keep({ pairedAt: undefined });
  }

  #keep(changes) {
    Object.assign(this.record, changes);
    return this.keep(this.record);
  }

  // ---------------------------------------------------------------- messages

  async #onMessages(raw, append, socket) {
    const messages = [];
    const lids = new Map();
    for (const one of raw) {
      const message = readMessage(one, { append, notBefore: this.record.pairedAt });
      // The echo of what Dispatch sent itself is none either.
      if (!message || (message.fromMe && this.isOurs(message.id))) continue;
      const { lid, ...told } = message;
      if (lid) {
        const digits = message.phone?.slice(1) ?? this.store.lids.get(lid) ?? (await Promise.resolve(socket.phoneForLid(lid)).catch(() => undefined));
        if (digits) {
          told.phone = `+${digits}`;
          lids.set(lid, told.phone);
          if (this.store.lids.get(lid) !== digits) await this.store.lids.set(lid, digits);
        }
      }
      messages.push(told);
    }
    if (!messages.length) return;
    await this.emit('message', { upsert: append ? 'append' : 'notify', messages, lids: [...lids].map(([lid, phone]) => ({ lid, phone })) });
    this.log.info('messages', { count: messages.length, kind: append ? 'append' : 'notify' });
  }

  async #learnLid({ lid, phone }) {
    if (this.store.lids.get(lid) === phone) return;
    await this.store.lids.set(lid, phone);
    await this.emit('lid_map', { lids: [{ lid, phone: `+${phone}` }] });
  }

  /** The phone itself did something. WhatsApp unlinks every device of a phone that was not seen for 14 days. */
  #onPhoneSeen() {
    const now = this.timers.now();
    return now - (this.record.phoneSeenAt ?? 0) < PHONE_SEEN_KEPT_MS ? undefined : this.#keep({ phoneSeenAt: now });
  }

  #onAck(messageId, error) {
    const settle = this.#acks.get(messageId);
    const result = error ? { status: 'failed', error: 'refused', errorCode: Number(error) || undefined } : { status: 'sent' };
    if (settle) settle(result);
    else this.#enqueue(() => this.onLateAck?.(this, messageId, result));
  }
}
