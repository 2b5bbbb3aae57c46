// Log lines are JSON with fixed words and ids. A message text, a QR code or a phone number cannot get in: only the fields below exist, and what looks like a
// phone number inside an id (old session ids end in one) is masked.

const LEVELS = { debug: 10, info: 20, warn: 30, error: 40, silent: 99 };

const FIELDS = new Set([
  'workerId', 'numberId', 'sessionId', 'generation', 'commandId', 'eventId', 'messageId', 'action', 'kind', 'state', 'reason', 'code', 'n', 'of', 'attempt',
  'waitMs', 'count', 'bytes', 'mode', 'queue', 'error', 'path', 'capacity', 'held', 'waiting', 'ms', 'word', 'total',
]);

/** Keeps the last two digits of anything that could be a phone number. */
export const mask = text => String(text).replace(/\+\d{6,}|\d{9,}/g, digits => `…${digits.slice(-2)}`);

/** The same for ids, whose hex may hold many digits in a row. */
const maskId = text => String(text).replace(/\+\d{6,}|(?<![A-Za-z0-9])\d{9,}(?![A-Za-z0-9])/g, digits => `…${digits.slice(-2)}`);

/**
 * @param {{ level?: string, write?: (line: string) => void, now?: () => Date }} [options]
 */
export function createLog({ level = 'info', write = line => process.stdout.write(`${line}\n`), now = () => new Date() } = {}) {
  const least = LEVELS[level] ?? LEVELS.info;
  const at = name => (event, fields = {}) => {
    if (LEVELS[name] < least) return;
    const line = { time: now().toISOString(), level: name, event };
    for (const [key, value] of Object.entries(fields)) {
      if (value === undefined || value === null) continue;
      if (!FIELDS.has(key)) throw new TypeError(`the log has no field "${key}"`);
      line[key] = typeof value === 'number' || typeof value === 'boolean' ? value : key.endsWith('Id') ? maskId(value) : mask(value instanceof Error ? value.message : value);
    }
    write(JSON.stringify(line));
  };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/**
 * libsignal prints whole sessions, private keys included, with console.info when it opens or closes one. Nothing in the worker uses the console, so it is
 * shut for good; only the fact that something was said is counted.
 */
export function shutConsole() {
  const said = { count: 0 };
  for (const name of ['log', 'info', 'warn', 'error', 'debug', 'trace', 'dir', 'table']) console[name] = () => { said.count += 1; };
  return said;
}

/** Baileys logs stanzas. Of what it says only the fixed sentence of an error is passed on, without the objects that come with it. */
export function baileysLogger(log, ids) {
  const pass = level => (first, second) => {
    const words = typeof first === 'string' ? first : typeof second === 'string' ? second : undefined;
    if (words) log[level]('baileys', { ...ids, word: words.slice(0, 160) });
  };
  const nothing = () => {};
  return { level: 'warn', trace: nothing, debug: nothing, info: nothing, warn: pass('debug'), error: pass('warn'), fatal: pass('error'), child() { return this; } };
}
