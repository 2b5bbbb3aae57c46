// Why a connection closed and what follows. Codes are those of Baileys (DisconnectReason) and the ones WhatsApp was seen to use beside them.

const STEPS_MS = [1_000, 2_000, 5_000, 10_000, 30_000, 60_000];
const SERVICE_AWAY_FROM_STEP = 3;
const CIRCUIT_AFTER = 10;
const CIRCUIT_MS = 300_000;
const BAD_SESSION_TRIES = 3;
const RESTARTS_AT_ONCE = 5;

/**
 * @typedef {object} Closing What is known when a connection closes.
 * @property {number|undefined} code
 * @property {string} [message]
 * @property {boolean} paired A phone has accepted this device.
 * @property {boolean} codeShown A QR or pairing code was shown on this connection.
 * @property {number} attempt Failed connections in a row before this one; 0 after a good one.
 *
 * @typedef {object} Verdict
 * @property {'restart'|'reconnect'|'stop'} next restart: at once and part of the plan; reconnect: after `delayMs`; stop: a person has to do something.
 * @property {string} reason
 * @property {number} delayMs
 * @property {boolean} forget The credentials are worth nothing any more.
 * @property {boolean} freshNext They may be: keep them, but do not use them for the next pairing.
 * @property {boolean} circuitOpen Tried often; from here on seldom, and worth an alarm.
 */

/**
 * @param {Closing} closing
 * @param {() => number} random 0 to 1, for the jitter: a thousand numbers must not come back in the same second.
 * @returns {Verdict}
 */
export function decide({ code, message = '', paired, codeShown, attempt }, random = Math.random) {
  const stop = (reason, more = {}) => ({ next: 'stop', reason, delayMs: 0, forget: false, freshNext: false, circuitOpen: false, ...more });
  const reconnect = (reason, fromStep = 0) => ({
    next: 'reconnect', reason, delayMs: backOff(attempt, random, fromStep), forget: false, freshNext: false, circuitOpen: attempt >= CIRCUIT_AFTER,
  });

  // Baileys gives 500 to a WebSocket that could not be opened for reasons it does not know: that says nothing about the session.
  if (code === 500 && message.startsWith('WebSocket Error')) return reconnect('connection_failed');

  switch (code) {
    case 515:
      // After the scan WhatsApp closes with this: it is progress. A phone that never gets past it must not spin.
      return attempt < RESTARTS_AT_ONCE ? { ...reconnect('restart_required'), next: 'restart', delayMs: 0 } : reconnect('restart_required');
    case 401:
    case 419:
      return stop('logged_out', { forget: true });
    case 411:
      return stop('multidevice_mismatch', { forget: true });
    case 402:
    case 403:
    case 406:
      return stop('banned');
    case 440:
      // Somebody else connected with these credentials. Coming back would throw them out, and so on for ever.
      return stop('replaced');
    case 405:
      return stop('version_too_old');
    case 408:
      // One number for two things: the codes ran out, or the line did.
      if (!paired && (codeShown || message.includes('QR refs attempts ended'))) return stop('qr_exhausted');
      return reconnect('connection_lost');
    case 428:
      return reconnect('connection_closed');
    case 500:
      return attempt < BAD_SESSION_TRIES ? reconnect('bad_session') : stop('bad_session', { freshNext: true });
    case 502:
    case 503:
    case 504:
      return reconnect('service_unavailable', SERVICE_AWAY_FROM_STEP);
    default:
      return reconnect('unknown');
  }
}

/** 1, 2, 5, 10, 30, 60 s, give or take a quarter; every five minutes after ten tries. */
export function backOff(attempt, random = Math.random, fromStep = 0) {
  const base = attempt >= CIRCUIT_AFTER ? CIRCUIT_MS : STEPS_MS[Math.min(attempt + fromStep, STEPS_MS.length - 1)];
  return Math.round(base * (0.75 + random() / 2));
}
