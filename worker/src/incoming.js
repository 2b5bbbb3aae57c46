import { extractMessageContent, getContentType } from 'baileys';

// WhatsApp counts in seconds and by its own clock.
const CLOCKS_MS = 60_000;

// Only conversations between two people are for Dispatch.
const PERSON = /@(s\.whatsapp\.net|c\.us|lid|hosted|hosted\.lid)$/;
const PHONE = /^(\d{5,15})(?::\d+)?@(s\.whatsapp\.net|c\.us|hosted)$/;
const LID = /^(\d+)(?::\d+)?@(lid|hosted\.lid)$/;

const TYPES = {
  conversation: 'text', extendedTextMessage: 'text', imageMessage: 'image', videoMessage: 'video', ptvMessage: 'video', audioMessage: 'audio',
  documentMessage: 'document', stickerMessage: 'sticker', locationMessage: 'location', liveLocationMessage: 'location', contactMessage: 'contact',
  contactsArrayMessage: 'contact', buttonsResponseMessage: 'reply', templateButtonReplyMessage: 'reply', listResponseMessage: 'reply',
  interactiveResponseMessage: 'reply', pollCreationMessage: 'poll', pollCreationMessageV2: 'poll', pollCreationMessageV3: 'poll',
};

/** Digits of a phone address, or undefined. */
export const phoneOf = jid => PHONE.exec(jid ?? '')?.[1];

/** `digits@lid` without the device, or undefined. */
export const lidOf = jid => {
  const found = LID.exec(jid ?? '');
  return found ? `${found[1]}@lid` : undefined;
};

/**
 * One message of Baileys as Dispatch wants it, or undefined when it is none: a group, a status, a newsletter, a reaction, an edit, an echo of a protocol.
 * A message that could not be decrypted (a stub without content) is none either: its text follows under the same id, and Dispatch would take that for a repetition.
 * @param {import('baileys').WAMessage} message
 * @param {{ append: boolean, notBefore?: number }} how notBefore: in ms; older ones are history from before the pairing.
 */
export function readMessage(message, { append, notBefore = 0 }) {
  const { key, messageStubType } = message;
  if (!key?.id || !PERSON.test(key.remoteJid ?? '') || messageStubType) return undefined;
  const content = extractMessageContent(message.message);
  const type = TYPES[getContentType(content) ?? ''];
  if (!type) return undefined;
  const sentAt = Number(message.messageTimestamp ?? 0) * 1000;
  if (append && sentAt < notBefore - CLOCKS_MS) return undefined;
  const phone = phoneOf(key.remoteJid) ?? phoneOf(key.remoteJidAlt);
  return {
    id: key.id,
    jid: lidOf(key.remoteJid) ?? `${phoneOf(key.remoteJid)}@s.whatsapp.net`,
    phone: phone && `+${phone}`,
    lid: lidOf(key.remoteJid) ?? lidOf(key.remoteJidAlt),
    name: (!key.fromMe && message.pushName) || undefined,
    fromMe: Boolean(key.fromMe),
    type,
    text: textOf(content),
    timestamp: sentAt || undefined,
  };
}

function textOf(content) {
  const text = content.conversation ?? content.extendedTextMessage?.text ?? content.imageMessage?.caption ?? content.videoMessage?.caption
    ?? content.documentMessage?.caption ?? content.buttonsResponseMessage?.selectedDisplayText ?? content.templateButtonReplyMessage?.selectedDisplayText
    ?? content.listResponseMessage?.title ?? content.interactiveResponseMessage?.body?.text;
  return text || undefined;
}
