// The wire between Dispatch and a worker: names, the reading of commands and the writing of answers. docs/operations/workers.md is the same in words.

import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';

export const EXCHANGE = 'whatsapp.session';
export const LEGACY_QUEUE = 'whatsapp.session.update';
export const HEALTH_QUEUE = 'numberHealth';
export const commandQueue = workerId => `whatsapp.session.cmd.${workerId}`;

const COMMANDS = new Set(['create', 'restart', 'stop', 'logout', 'request_pairing_code', 'probe', 'send', 'announce']);

/** What workers say; on a shared queue a worker meets its own words. */
const ANSWERS = new Set([
  'starting', 'qr_generated', 'pairing_code', 'scanned', 'connected', 'closed', 'health', 'send_result', 'message_status', 'message', 'lid_map', 'registered',
  'heartbeat', 'stopping', 'refused',
]);

const MAX_TEXT = 65_536;

/**
 * @typedef {object} Command
 * @property {string} id The message id; the same at every repetition. Without one (seed 002 gives none) it is made of what the command says.
 * @property {string} action
 * @property {string|undefined} workerId
 * @property {string} key numberId as text: the name of the number inside the worker.
 * @property {string|number} numberId As it came, to be given back the same.
 * @property {string} sessionId
 * @property {number|undefined} at ms
 * @property {string} [phoneNumber]
 * @property {string} [to]
 * @property {string} [text]
 * @property {string} [ref]
 */

/**
 * Reads a message of the command queue or of the shared queue. Fields in any order, unknown ones ignored, numbers as numbers or texts, everything at the top or in `data`.
 * @param {Buffer} body
 * @param {string} [messageId]
 * @param {string} mine The id of this worker.
 * @returns {{ is: 'command', command: Command } | { is: 'foreign', action: string, workerId?: string } | { is: 'answer', action: string } | { is: 'malformed', why: string }}
 */
export function readCommand(body, messageId, mine) {
  let root;
  try {
    root = JSON.parse(body.toString('utf8'));
  } catch {
    return { is: 'malformed', why: 'no JSON' };
  }
  if (!isObject(root)) return { is: 'malformed', why: 'no JSON object' };
  const data = isObject(root.data) ? root.data : {};
  const field = name => text(root[name] ?? data[name]);

  const action = text(root.action);
  if (ANSWERS.has(action)) return { is: 'answer', action };
  // Whoever it is for decides first: what another worker is told need not make sense to this one.
  const workerId = field('workerId');
  if (workerId && workerId !== mine) return { is: 'foreign', action, workerId };
  if (!COMMANDS.has(action)) return { is: 'malformed', why: `action: allowed: ${[...COMMANDS].join(', ')}` };
  const at = Number(root.timestamp ?? data.timestamp);
  const command = { id: messageId || undefined, action, workerId, at: Number.isFinite(at) && at > 0 ? at : undefined };
  if (action === 'announce') return { is: 'command', command };

  const numberId = root.numberId ?? data.numberId;
  const key = text(numberId);
  // It becomes a file's name.
  if (!key || !/^[A-Za-z0-9_-]{1,64}$/.test(key)) return { is: 'malformed', why: 'numberId: allowed: a whole number' };
  // The outer sessionId is the number's id (seed 002); the session's name is in data. Only what has no data has it at the top.
  const sessionId = text(data.sessionId) ?? (isObject(root.data) ? undefined : text(root.sessionId));
  if (!sessionId || sessionId.length > 200) return { is: 'malformed', why: 'data.sessionId: allowed: a text' };
  Object.assign(command, {
    key, numberId, sessionId, phoneNumber: field('phoneNumber'), to: field('to'), ref: field('ref'),
    text: typeof (root.text ?? data.text) === 'string' ? (root.text ?? data.text) : undefined,
  });
  if (action === 'send') {
    if (!command.ref || command.ref.length > 200) return { is: 'malformed', why: 'ref: allowed: 1 to 200 characters' };
    if (!command.text || command.text.length > MAX_TEXT) return { is: 'malformed', why: `text: allowed: 1 to ${MAX_TEXT} characters` };
    if (!isRecipient(command.to)) return { is: 'malformed', why: 'to: allowed: a phone number with country code, or a WhatsApp id of one person' };
  }
  command.id ??= [action, key, sessionId, command.ref ?? command.at ?? ''].join(':');
  return { is: 'command', command };
}

const isObject = value => typeof value === 'object' && value !== null && !Array.isArray(value);

const text = value => (typeof value === 'string' && value.trim() ? value.trim() : typeof value === 'number' && Number.isFinite(value) ? String(value) : undefined);

const isRecipient = to => /^\+?\d{5,15}(@s\.whatsapp\.net)?$/.test(to ?? '') || /^\d{5,25}@lid$/.test(to ?? '');

/**
 * One answer, ready to be published, and kept or repeated as it is.
 * @param {string} workerId
 * @param {object} fields
 * @param {number} now ms
 */
export function answer(workerId, action, fields, now) {
  return { id: randomUUID(), action, body: { action, ...fields, workerId, timestamp: now } };
}

/** Health has its own queue and, as in seed 002, no action. */
export const health = (workerId, fields, now) => ({ id: randomUUID(), action: 'health', body: { ...fields, workerId, timestamp: now } });

/**
 * Where an answer goes and with which properties.
 * @param {'routed'|'legacy'} mode
 */
export function envelope(message, { mode, workerId, expiresInMs }) {
  const isHealth = message.action === 'health';
  return {
    exchange: mode === 'routed' ? EXCHANGE : '',
    routingKey: mode === 'routed' ? (isHealth ? `health.${workerId}` : `evt.${workerId}.${message.action}`) : isHealth ? HEALTH_QUEUE : LEGACY_QUEUE,
    content: Buffer.from(JSON.stringify(message.body)),
    properties: {
      messageId: message.id, type: message.action, contentType: 'application/json', contentEncoding: 'utf-8', persistent: true, mandatory: true,
      appId: `dispatch-worker@${hostname()}`, timestamp: Math.floor(message.body.timestamp / 1000), headers: { 'x-origin': `worker:${workerId}` },
      ...(message.body.sessionId ? { correlationId: message.body.sessionId } : {}),
      ...(expiresInMs ? { expiration: String(Math.max(1, Math.round(expiresInMs))) } : {}),
    },
  };
}
