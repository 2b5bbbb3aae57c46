import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';

/**
 * @typedef {object} Config
 * @property {string} workerId Who this worker is; the same word as in the worker registry of Dispatch.
 * @property {'routed'|'legacy'} mode
 * @property {string} brokerUri
 * @property {string} storePath
 * @property {Buffer} storeKey 32 bytes.
 * @property {number} capacity Numbers this worker takes.
 * @property {number} prefetch Commands in hand at once.
 * @property {number} healthMs
 * @property {number} heartbeatMs
 * @property {number} drainMs How long a stop may take.
 * @property {number} leaseMs How long numbers are held without the broker.
 * @property {number} sendAckMs How long WhatsApp may take to accept a message.
 * @property {number} sendsKeptDays How long a sent text is remembered; older commands are refused.
 * @property {'return'|'ack'} legacyForeign What happens to messages of others on the shared queue.
 * @property {[number, number, number]|undefined} waVersion
 * @property {string} deviceName Shown in the phone's list of linked devices.
 * @property {boolean} checkRecipients
 * @property {string} logLevel
 */

export class ConfigError extends Error {
  /** @param {string[]} problems One line each: the setting, what is wrong, what is allowed. */
  constructor(problems) {
    super(problems.join('\n'));
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

const MODES = ['routed', 'legacy'];
const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'];

/**
 * Reads the settings and says everything that is wrong with them at once.
 * @param {NodeJS.ProcessEnv} env
 * @returns {Config}
 */
export function readConfig(env) {
  const problems = [];
  const text = (name, fallback) => env[name]?.trim() || fallback;
  const oneOf = (name, allowed, fallback) => {
    const value = text(name, fallback);
    if (!allowed.includes(value)) problems.push(`${name} is "${value}"; allowed: ${allowed.join(', ')}`);
    return value;
  };
  const number = (name, fallback, least, most) => {
    const raw = text(name, String(fallback));
    const value = Number(raw);
    if (!Number.isFinite(value) || value < least || value > most) problems.push(`${name} is "${raw}"; allowed: a number from ${least} to ${most}`);
    return value;
  };

  const workerId = text('WORKER_ID');
  if (!workerId) problems.push('WORKER_ID is missing; it is the id of this worker in the worker registry of Dispatch');
  // The id becomes a word of a routing key, where "." divides words and "*" and "#" are wildcards.
  else if (!/^[A-Za-z0-9_-]{1,64}$/.test(workerId)) problems.push(`WORKER_ID is "${workerId}"; allowed: 1 to 64 letters, digits, "-" and "_"`);

  const brokerUri = text('BROKER_URI');
  if (!brokerUri) problems.push('BROKER_URI is missing; for example amqp://user:password@host:5672/vhost');
  else if (!isAmqp(brokerUri)) problems.push('BROKER_URI is not an address that starts with amqp:// or amqps://');

  const checkRecipients = oneOf('WORKER_CHECK_RECIPIENTS', ['true', 'false'], 'true') === 'true';
  const waVersion = version(text('WORKER_WA_VERSION'), problems);
  const config = {
    workerId,
    mode: oneOf('WORKER_MODE', MODES, 'routed'),
    brokerUri,
    storePath: text('WORKER_STORE_PATH', 'data'),
    storeKey: storeKey(env, problems),
    capacity: number('WORKER_CAPACITY', 50, 1, 1000),
    prefetch: number('WORKER_PREFETCH', 50, 1, 500),
    healthMs: number('WORKER_HEALTH_SECONDS', 30, 1, 600) * 1000,
    heartbeatMs: number('WORKER_HEARTBEAT_SECONDS', 15, 1, 600) * 1000,
    drainMs: number('WORKER_DRAIN_SECONDS', 20, 1, 600) * 1000,
    leaseMs: number('WORKER_LEASE_SECONDS', 75, 0, 86_400) * 1000,
    sendAckMs: number('WORKER_SEND_ACK_SECONDS', 20, 1, 120) * 1000,
    sendsKeptDays: number('WORKER_SENDS_KEPT_DAYS', 30, 2, 3650),
    legacyForeign: oneOf('WORKER_LEGACY_FOREIGN', ['return', 'ack'], 'return'),
    waVersion,
    deviceName: text('WORKER_DEVICE_NAME', 'Dispatch'),
    checkRecipients,
    logLevel: oneOf('WORKER_LOG_LEVEL', LOG_LEVELS, 'info'),
    host: hostname(),
  };
  if (problems.length) throw new ConfigError(problems);
  return config;
}

function isAmqp(uri) {
  try {
    return ['amqp:', 'amqps:'].includes(new URL(uri).protocol);
  } catch {
    return false;
  }
}

function version(raw, problems) {
  if (!raw) return undefined;
  const parts = raw.split('.').map(Number);
  if (parts.length === 3 && parts.every(part => Number.isInteger(part) && part >= 0)) return parts;
  problems.push(`WORKER_WA_VERSION is "${raw}"; allowed: three numbers such as 2.3000.1043857760, or nothing for the one that Baileys brings`);
  return undefined;
}

function storeKey(env, problems) {
  let raw = env.WORKER_STORE_KEY?.trim();
  const file = env.WORKER_STORE_KEY_FILE?.trim();
  if (raw && file) problems.push('WORKER_STORE_KEY and WORKER_STORE_KEY_FILE are both set; set one');
  if (!raw && file) {
    try {
      raw = readFileSync(file, 'utf8').trim();
    } catch (error) {
      problems.push(`WORKER_STORE_KEY_FILE cannot be read (${error.code})`);
      return Buffer.alloc(0);
    }
  }
  if (!raw) {
    problems.push('WORKER_STORE_KEY is missing; it is 32 random bytes in hex or base64, for example from: openssl rand -hex 32');
    return Buffer.alloc(0);
  }
  const key = /^[0-9a-fA-F]{64}$/.test(raw) ? Buffer.from(raw, 'hex') : /^[A-Za-z0-9+/]{43}=$/.test(raw) ? Buffer.from(raw, 'base64') : undefined;
  // The value itself is never repeated.
  if (!key) problems.push('WORKER_STORE_KEY is not 32 bytes; allowed: 64 hex digits, or 44 characters of base64');
  return key ?? Buffer.alloc(0);
}
