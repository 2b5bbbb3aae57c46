import { credentialsOver } from './store/credentials.js';
import { Session } from './session.js';
import { Sends, messageIdOf } from './sends.js';

const REMEMBERED_COMMANDS = 2_000;
const OPEN_TOGETHER = 10;

/**
 * All numbers of this worker, and what commands do to them. Commands for one number are carried out one after another; each is carried out once, also over a
 * restart; one that belongs to an older session than the one held is refused.
 */
export class Numbers {
  #sessions = new Map(); #turns = new Map(); #commands; #paused = false;

  /**
   * @param {object} parts
   * @param {(action: string, fields: object, how?: { secret?: boolean, expiresAt?: number }) => Promise<void>} parts.say Gives an answer to the outbox.
   */
  constructor({ store, say, openSocket, log, timers, random, config }) {
    Object.assign(this, { store, say, openSocket, log, timers, random, config });
    this.sends = new Sends({ map: store.sends, keptDays: config.sendsKeptDays, timers });
    this.#commands = store.commands;
  }

  /** Numbers that have or are to have a socket. */
  get held() { return this.store.numbers.entries().filter(([, record]) => record.wanted).map(([key]) => key); }

  /** For `registered` and `heartbeat`. */
  list() {
    return this.held.map(key => {
      const record = this.store.numbers.get(key);
      return { numberId: record.numberId, sessionId: record.sessionId, state: this.#sessions.get(key)?.word ?? (this.#paused ? 'closed' : 'starting') };
    });
  }

  /** One report for each number that was ever connected and is wanted. */
  health() {
    const reports = [];
    for (const [key, session] of this.#sessions) {
      const report = this.store.numbers.get(key)?.wanted ? session.health() : undefined;
      if (report) reports.push({ numberId: session.record.numberId, sessionId: session.record.sessionId, ...report });
    }
    return reports;
  }

  /** What an earlier process had begun to send and did not get to the end of may have left; nobody knows. */
  async settleInterrupted() {
    for (const [messageId, send] of this.sends.interrupted()) {
      await this.#endSend(messageId, { status: 'uncertain', error: 'worker_stopped' });
      this.log.warn('send_uncertain', { numberId: send.numberId, messageId });
    }
    await this.sends.tidy();
  }

  /** Opens what is wanted and not open, a few at a time. */
  async resume() {
    this.#paused = false;
    const waiting = this.held.filter(key => !this.#sessions.get(key)?.live);
    const take = async () => {
      for (let key = waiting.shift(); key !== undefined && !this.#paused; key = waiting.shift()) {
        await this.#inTurn(key, async () => {
          const record = this.store.numbers.get(key);
          if (!this.#paused && record?.wanted && !this.#sessions.get(key)?.live) await this.#sessionFor(key, record).start();
        }).catch(error => this.log.error('resume_failed', { numberId: key, error }));
      }
    };
    await Promise.all(Array.from({ length: OPEN_TOGETHER }, take));
  }

  /** Closes every socket and forgets nothing: the lease is over, or the worker ends and says so for each number. */
  async pause({ told = false } = {}) {
    this.#paused = true;
    await Promise.all([...this.#sessions].map(([key, session]) => this.#inTurn(key, async () => {
      const { live, record } = session;
      await session.close();
      if (!live || !told) return;
      await this.say('closed', {
        numberId: record.numberId, sessionId: record.sessionId, code: 0, reason: 'worker_stopping', reconnects: false, registered: Boolean(record.pairedAt), next: 'stop',
      });
    })));
  }

  /** Codes are not kept for a broker that is away: those still valid are told again when it is back. */
  async tellCodes() {
    for (const session of this.#sessions.values()) if (session.word === 'qr') await session.announce();
  }

  /**
   * Carries a command out. When the promise is kept the command is done or written down, and may be acknowledged.
   * @param {import('./contract.js').Command} command
   */
  handle(command) {
    return this.#inTurn(command.key, async () => {
      const repeated = this.#commands.has(command.id);
      const log = { numberId: command.numberId, sessionId: command.sessionId, action: command.action, commandId: command.id };
      const refusal = command.action === 'send' ? undefined : this.#refusalOf(command);
      if (refusal) {
        this.log.warn('command_refused', { ...log, reason: refusal });
        if (!repeated) await this.#refuse(command, refusal);
      } else if (repeated && command.action !== 'send') {
        this.log.info('command_repeated', log);
        await this.#sessions.get(command.key)?.announce();
      } else {
        this.log.info('command', log);
        await this.#carryOut(command);
      }
      await this.#remember(command);
    });
  }

  // ---------------------------------------------------------------- commands

  /** The fence. Whoever was told to stop must not act on what was said before. */
  #refusalOf(command) {
    const record = this.store.numbers.get(command.key);
    const same = record?.sessionId === command.sessionId;
    if (record && !same && command.at !== undefined && record.issuedAt !== undefined && command.at < record.issuedAt) return 'stale_session';
    if (command.action === 'create' || command.action === 'restart') {
      return record?.wanted || this.held.length < this.config.capacity ? undefined : 'full';
    }
    if (!record) return command.action === 'stop' || command.action === 'logout' ? undefined : 'unknown_session';
    // To be still is obeyed whenever it was said later than what is held, also under a session that never arrived here.
    if (!same) return (command.action === 'stop' || command.action === 'logout') && command.at > record.issuedAt ? undefined : 'stale_session';
    if (command.action === 'request_pairing_code' && !(command.phoneNumber ?? record.phoneNumber)) return 'no_phone_number';
    return undefined;
  }

  async #carryOut(command) {
    switch (command.action) {
      case 'create': return this.#create(command);
      case 'restart': return this.#restart(command);
      case 'stop': return (await this.#sessionOf(command)).stop();
      case 'logout': return (await this.#sessionOf(command)).logout();
      case 'request_pairing_code': return this.#askPairingCode(command);
      case 'probe': return this.#probe(command);
      case 'send': return this.#send(command);
      default: throw new Error(`no such command: ${command.action}`);
    }
  }

  async #create(command) {
    const session = this.#sessions.get(command.key);
    // Asked again for the session it has: it says how things stand and opens no second socket.
    if (session?.live && session.record.sessionId === command.sessionId) return session.announce();
    return this.#begin(command);
  }

  async #restart(command) {
    const session = this.#sessions.get(command.key);
    if (session?.live && session.record.sessionId === command.sessionId) return session.restart();
    return this.#begin(command);
  }

  /** A new session for the number; the one before it ends first, so that there are never two sockets. */
  async #begin(command) {
    await this.#sessions.get(command.key)?.close();
    const before = this.store.numbers.get(command.key);
    const record = {
      ...before, numberId: command.numberId, sessionId: command.sessionId, issuedAt: command.at ?? this.timers.now(), wanted: true,
      phoneNumber: command.phoneNumber ?? before?.phoneNumber,
    };
    await this.store.numbers.set(command.key, record);
    return this.#sessionFor(command.key, record).start();
  }

  /** The session to be ended; one that this process never opened is ended on disk. */
  async #sessionOf(command) {
    const record = this.store.numbers.get(command.key)
      ?? { numberId: command.numberId, sessionId: command.sessionId, issuedAt: command.at ?? this.timers.now(), phoneNumber: command.phoneNumber };
    return this.#sessions.get(command.key) ?? this.#sessionFor(command.key, record);
  }

  async #askPairingCode(command) {
    const session = this.#sessions.get(command.key);
    if (!session?.live) return this.#refuse(command, 'unknown_session');
    if (command.phoneNumber) session.record.phoneNumber = command.phoneNumber;
    return session.connected || session.word === 'scanned' ? session.announce() : session.askPairingCode();
  }

  async #probe(command) {
    const session = this.#sessions.get(command.key);
    const report = session?.health() ?? { status: 'DISCONNECTED' };
    await this.say('health', { numberId: command.numberId, sessionId: command.sessionId, ...report });
    await session?.announce();
  }

  async #refuse(command, reason) {
    await this.say('refused', { numberId: command.numberId, sessionId: command.sessionId, commandId: command.id, refusedAction: command.action, reason });
  }

  async #remember(command) {
    const changes = [[command.id, this.timers.now()]];
    const keys = this.#commands.keys();
    for (const old of keys.slice(0, Math.max(0, keys.length - REMEMBERED_COMMANDS))) changes.push([old, undefined]);
    await this.#commands.change(changes);
  }

  // ---------------------------------------------------------------- sends

  async #send(command) {
    const messageId = messageIdOf(command.key, command.ref);
    const before = this.sends.get(messageId);
    if (before) {
      // Being handed over right now: its own answer follows.
      if (before.status !== 'sending') await this.#tellSend(messageId, before);
      return;
    }
    const fail = error => this.say('send_result', { numberId: command.numberId, sessionId: command.sessionId, ref: command.ref, status: 'failed', error });
    const record = this.store.numbers.get(command.key);
    if (!record || record.sessionId !== command.sessionId) return fail('stale_session');
    if (this.sends.isTooOld(command.at)) return fail('too_old');
    const session = this.#sessions.get(command.key);
    // Nothing was begun, so nothing is written down: the same reference may be tried again.
    if (!session?.connected) return fail('not_connected');
    let found;
    try {
      found = await session.addressOf(command.to);
    } catch (error) {
      this.log.warn('recipient_unknown', { numberId: command.numberId, messageId, error });
      return fail('not_connected');
    }
    if (found.problem) return fail(found.problem);
    if (!session.connected) return fail('not_connected');

    await this.sends.begin(messageId, { key: command.key, ref: command.ref, numberId: command.numberId, sessionId: command.sessionId });
    const { handed, outcome } = session.sendText(found.address, command.text, messageId);
    void outcome.then(result => this.#endSend(messageId, result)).catch(error => this.log.error('send_end_lost', { messageId, error }));
    await handed;
  }

  async #endSend(messageId, result) {
    await this.sends.end(messageId, result);
    await this.#tellSend(messageId, this.sends.get(messageId));
  }

  #tellSend(messageId, { numberId, sessionId, ref, status, error, errorCode }) {
    this.log.info('send_result', { numberId, messageId, state: status, code: errorCode, reason: error });
    return this.say('send_result', { numberId, sessionId, ref, status, ...(status === 'failed' ? {} : { messageId }), error, errorCode });
  }

  /** An acknowledgement for which nobody waited any more: what was uncertain is known now. */
  async #onLateAck(messageId, result) {
    if (this.sends.get(messageId)?.status === 'uncertain') await this.#endSend(messageId, { error: undefined, ...result });
  }

  async #onStatus({ messageId, status }) {
    const send = this.sends.get(messageId);
    if (!send) return;
    if (send.status === 'uncertain') await this.#endSend(messageId, { status: 'sent', error: undefined });
    await this.say('message_status', { numberId: send.numberId, sessionId: send.sessionId, messageId, status });
  }

  // ---------------------------------------------------------------- sessions

  #sessionFor(key, record) {
    const session = new Session({
      record, key, store: this.store, openSocket: this.openSocket, log: this.log, timers: this.timers, random: this.random, config: this.config,
      openCredentials: async name => credentialsOver(await this.store.openCredentials(name)),
      emit: (action, fields, how) => this.say(action, { numberId: record.numberId, sessionId: record.sessionId, ...fields }, how),
      keep: kept => this.store.numbers.set(key, kept),
    });
    session.isOurs = messageId => this.sends.has(messageId);
    session.onLateAck = (_, messageId, result) => this.#onLateAck(messageId, result);
    session.onStatus = (_, status) => this.#onStatus(status);
    this.#sessions.set(key, session);
    return session;
  }

  #inTurn(key, work) {
    const turn = (this.#turns.get(key) ?? Promise.resolve()).catch(() => {}).then(work);
    this.#turns.set(key, turn);
    void turn.catch(() => {}).then(() => { if (this.#turns.get(key) === turn) this.#turns.delete(key); });
    return turn;
  }
}
