// A stand-in for Baileys' socket: it opens nothing, records what it was asked and lets a test say what WhatsApp says.

export class StandIn {
  sent = [];
  closed = false;
  silence = 0;

  constructor(options, phone) {
    this.options = options;
    this.listener = options.listener;
    this.owner = phone;
  }

  // ---- what the session asks for
  silentFor() { return this.silence; }
  name() { return 'Shop'; }
  phone() { return this.owner; }
  async requestPairingCode(phone) {
    this.pairingFor = phone;
    return 'ABCD1234';
  }
  async sendText(jid, text, messageId) {
    this.sent.push({ jid, text, messageId });
    await this.onSend?.({ jid, text, messageId });
  }
  async addressOf(phone) {
    this.asked = [...(this.asked ?? []), phone];
    return this.withoutWhatsApp?.has(phone) ? undefined : `${phone}@s.whatsapp.net`;
  }
  async phoneForLid(lid) { return this.lids?.get(lid); }
  async logout() { this.loggedOut = true; this.closed = true; }
  async close() { this.closed = true; this.beforeClose?.(); }

  // ---- what WhatsApp says
  qr(raw = `2@ref${Math.random()}`) { this.listener.onUpdate({ qr: raw }); }
  /** The phone scans: credentials get an account, then comes the famous 515. */
  scan() {
    this.options.auth.creds.account = { details: 'x' };
    this.options.auth.creds.me = { id: `${this.owner}:7@s.whatsapp.net` };
    this.listener.onCredentials();
    this.listener.onUpdate({ isNewLogin: true, qr: undefined });
  }
  open() { this.listener.onUpdate({ connection: 'open' }); }
  drop(code, message = 'said by the test') {
    const error = code === undefined ? undefined : Object.assign(new Error(message), { output: { statusCode: code } });
    this.listener.onUpdate({ connection: 'close', lastDisconnect: { error, date: new Date() } });
  }
  messages(list, append = false) { this.listener.onMessages(list, append); }
  ack(messageId, error) { this.listener.onAck({ messageId, error }); }
}

/** Makes stand-ins and remembers them, the newest last. */
export function standIns(phone = '221771234567') {
  const made = [];
  const openSocket = options => {
    const socket = new StandIn(options, phone);
    made.push(socket);
    openSocket.onOpen?.(socket, made.length);
    return socket;
  };
  return { openSocket, made, get last() { return made.at(-1); } };
}

/** A message of Baileys. */
export const waMessage = ({ id = 'AAAA', from = '221770000001@s.whatsapp.net', alt, text = 'Bonjour', fromMe = false, at = Date.now(), ...more } = {}) => ({
  key: { id, remoteJid: from, remoteJidAlt: alt, fromMe }, message: text === null ? undefined : { conversation: text }, messageTimestamp: Math.floor(at / 1000), pushName: 'Awa', ...more,
});
