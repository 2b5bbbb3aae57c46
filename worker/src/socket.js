import {
  areJidsSameUser, Browsers, isJidBroadcast, isJidGroup, isJidNewsletter, isJidStatusBroadcast, jidDecode, makeCacheableSignalKeyStore, makeWASocket, proto,
} from 'baileys';
import { baileysLogger } from './log.js';
import { lidOf, phoneOf } from './incoming.js';

const STATUS = proto.WebMessageInfo.Status;
const STATUS_WORDS = { [STATUS.DELIVERY_ACK]: 'delivered', [STATUS.READ]: 'read', [STATUS.PLAYED]: 'read' };

/**
 * The one place that touches Baileys' socket. A socket lives once: when it has closed, a new one is opened.
 *
 * @typedef {object} Listener What a socket tells; nothing here is asynchronous.
 * @property {(update: Partial<import('baileys').ConnectionState>) => void} onUpdate
 * @property {(messages: import('baileys').WAMessage[], append: boolean) => void} onMessages
 * @property {(mapping: { lid: string, phone: string }) => void} onLid
 * @property {(ack: { messageId: string, error?: string }) => void} onAck WhatsApp accepted a message of ours, or refused it.
 * @property {(status: { messageId: string, status: 'delivered'|'read' }) => void} onStatus
 * @property {(limits: { until?: Date, kind: string }) => void} onLimits
 * @property {() => void} onPhoneSeen The primary phone did something.
 * @property {() => void} onCredentials The credentials changed and have to be kept.
 *
 * @param {{ auth: { creds: any, keys: any }, listener: Listener, log: any, ids: object, config: object, pairing: boolean }} options
 */
export function openSocket({ auth, listener, log, ids, config, pairing }) {
  const logger = baileysLogger(log, ids);
  const sock = makeWASocket({
    auth: { creds: auth.creds, keys: makeCacheableSignalKeyStore(auth.keys, logger) },
    logger,
    // A pairing code is refused for device names that WhatsApp does not know.
    browser: pairing ? Browsers.ubuntu('Chrome') : [config.deviceName, 'Chrome', '1.0'],
    ...(config.waVersion ? { version: config.waVersion } : {}),
    ...(config.waUrl ? { waWebSocketUrl: config.waUrl } : {}),
    syncFullHistory: false,
    // Otherwise the phone stops ringing for new messages.
    markOnlineOnConnect: false,
    shouldIgnoreJid: jid => Boolean(isJidGroup(jid) || isJidBroadcast(jid) || isJidStatusBroadcast(jid) || isJidNewsletter(jid)),
  });

  let lastSeen = Date.now();
  sock.ws.on('frame', () => { lastSeen = Date.now(); });
  // Baileys tells only of refusals, by messages.update; that a message was accepted is in the bare acknowledgement.
  sock.ws.on('CB:ack,class:message', ({ attrs }) => listener.onAck({ messageId: attrs.id, error: attrs.error }));

  // Device 0 of our own account is the phone.
  const seePhone = ({ attrs }) => {
    const from = jidDecode(attrs.participant ?? attrs.from);
    if (from && !from.device && (areJidsSameUser(attrs.participant ?? attrs.from, sock.user?.id) || areJidsSameUser(attrs.participant ?? attrs.from, sock.user?.lid))) listener.onPhoneSeen();
  };
  sock.ws.on('CB:message', seePhone);
  sock.ws.on('CB:receipt', seePhone);

  sock.ev.on('creds.update', () => listener.onCredentials());
  sock.ev.on('connection.update', update => {
    // Baileys holds messages back while it catches up and throws away what it holds when the connection closes. They have been acknowledged to WhatsApp by then.
    if (update.connection === 'close') sock.ev.flush();
    if (update.reachoutTimeLock?.isActive) listener.onLimits({ until: update.reachoutTimeLock.timeEnforcementEnds, kind: 'new_chats' });
    listener.onUpdate(update);
  });
  sock.ev.on('message-capping.update', cap => {
    if (cap?.capping_status === 'CAPPED') listener.onLimits({ kind: 'new_chats_quota' });
  });
  sock.ev.on('messages.upsert', ({ messages, type }) => listener.onMessages(messages, type === 'append'));
  sock.ev.on('messages.update', updates => {
    for (const { key, update } of updates) {
      const status = STATUS_WORDS[update.status];
      if (key.fromMe && status) listener.onStatus({ messageId: key.id, status });
    }
  });
  const tellLid = ({ lid, pn }) => {
    if (lidOf(lid) && phoneOf(pn)) listener.onLid({ lid: lidOf(lid), phone: phoneOf(pn) });
  };
  sock.ev.on('lid-mapping.update', tellLid);
  sock.ev.on('messaging-history.set', ({ lidPnMappings }) => lidPnMappings?.forEach(tellLid));

  return {
    /** Milliseconds since anything came from WhatsApp; it answers a ping every 30 s. */
    silentFor: () => Date.now() - lastSeen,
    name: () => sock.user?.name || undefined,
    /** The phone this device belongs to, digits only. */
    phone: () => phoneOf(sock.user?.id),
    requestPairingCode: phone => sock.requestPairingCode(phone),
    /** Hands the message over; whether WhatsApp took it comes by onAck. No link is ever fetched for a preview. */
    sendText: (jid, text, messageId) => sock.sendMessage(jid, { text, linkPreview: null }, { messageId }),
    /** The address of a phone number on WhatsApp, or undefined when it has none. */
    async addressOf(phone) {
      const [found] = (await sock.onWhatsApp(phone)) ?? [];
      return found?.exists ? found.jid : undefined;
    },
    async phoneForLid(lid) {
      return phoneOf(await sock.signalRepository.lidMapping.getPNForLID(lid));
    },
    logout: () => sock.logout(),
    close: () => sock.end(undefined),
  };
}
