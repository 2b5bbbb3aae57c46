import { Broker } from './broker.js';
import { answer, commandQueue, envelope, health, HEALTH_QUEUE, LEGACY_QUEUE, readCommand } from './contract.js';
import { Numbers } from './numbers.js';
import { Outbox } from './outbox.js';
import { openSocket as openBaileysSocket } from './socket.js';
import { openStore } from './store/store.js';
import { realTimers } from './timers.js';

export const VERSION = '1.0.0';

const BACKLOG_MS = 10_000;
const FLUSH_MS = 5_000;
const LEASE_LOOK_MS = 1_000;
const RETURN_FIRST_MS = 50;
const RETURN_MOST_MS = 5_000;

/**
 * The process: broker, numbers, signs of life, and the rule that a worker which nobody can hear lets go of its numbers.
 * @param {{ config: import('./config.js').Config, log: any, openSocket?: Function, timers?: typeof realTimers, random?: () => number, connect?: Function }} parts
 */
export async function startWorker({ config, log: plainLog, openSocket = openBaileysSocket, timers = realTimers, random = Math.random, connect }) {
  const { workerId, mode } = config;
  const log = Object.fromEntries(['debug', 'info', 'warn', 'error'].map(level => [level, (event, fields) => plainLog[level](event, { workerId, ...fields })]));
  const store = await openStore(config);
  const broker = new Broker({ uri: config.brokerUri, name: `dispatch-worker ${workerId}`, log, timers, random, connect });
  const outbox = new Outbox({ map: store.outbox, broker, envelope: (message, expiresInMs) => envelope(message, { mode, workerId, expiresInMs }), log, timers });

  const say = async (action, fields, how = {}) => {
    const message = action === 'health' ? health(workerId, fields, timers.now()) : answer(workerId, action, fields, timers.now());
    // Health reports and codes are worth nothing later.
    if (action === 'health') await outbox.tell(message, timers.now() + config.healthMs * 3);
    else if (how.secret) await outbox.tell(message, how.expiresAt);
    else await outbox.put(message);
  };
  const numbers = new Numbers({ store, say, openSocket, log, timers, random, config });

  let stopping;
  let registered = false;
  let heardAt = timers.now();
  let resumed = false;
  let backlog;
  const loops = new Map();
  const every = (ms, work) => {
    const again = () => loops.set(work, timers.after(ms, async () => {
      await Promise.resolve(work()).catch(error => log.error('loop_failed', { error }));
      if (!stopping) again();
    }));
    again();
  };

  /** Says which numbers it holds. Only when a queue took it does the lease go on. */
  const beat = async () => {
    const action = registered ? 'heartbeat' : 'registered';
    const list = numbers.list();
    const message = answer(workerId, action, { capacity: config.capacity, version: VERSION, pairingCodes: true, numbers: list }, timers.now());
    const sentAt = timers.now();
    if (!(await outbox.tell(message, sentAt + config.heartbeatMs * 3))) return;
    registered = true;
    heardAt = sentAt;
    if (!resumed && backlog === 'done') await resume();
  };

  // Opening sockets waits until what was said in the meantime is known: a number may have been stopped or moved while this process was away.
  const resume = async () => {
    if (resumed || stopping) return;
    resumed = true;
    log.info('resuming', { count: numbers.held.length });
    await numbers.resume();
  };

  const letGo = async () => {
    if (!resumed || stopping || config.leaseMs === 0 || timers.now() - heardAt < config.leaseMs) return;
    resumed = false;
    log.warn('lease_over', { held: numbers.held.length, ms: timers.now() - heardAt });
    await numbers.pause();
  };

  let left = 0;
  const backlogDone = async () => {
    if (backlog === 'done') return;
    backlog = 'done';
    if (timers.now() - heardAt < config.leaseMs || config.leaseMs === 0) await (registered ? resume() : beat());
  };
  let cancelBacklog;
  const begun = waiting => {
    backlog = 'open';
    left = waiting;
    cancelBacklog?.();
    if (!left) void backlogDone();
    else cancelBacklog = timers.after(BACKLOG_MS, () => void backlogDone());
  };

  const tries = new Map();
  /** On the shared queue of seed 002 everything passes by. What is not for this worker goes back, ever more slowly, so that two workers cannot make it spin. */
  const giveBack = async (message, what) => {
    if (mode === 'routed' || config.legacyForeign === 'ack') return 'ack';
    const id = message.properties.messageId ?? message.content.toString('base64').slice(0, 200);
    const count = (tries.get(id) ?? 0) + 1;
    tries.set(id, count);
    if (tries.size > 1_000) tries.delete(tries.keys().next().value);
    log.debug('foreign', { kind: what, count });
    await new Promise(resolve => timers.after(Math.min(RETURN_FIRST_MS * 2 ** (count - 1), RETURN_MOST_MS), resolve));
    return 'return';
  };

  const handle = async message => {
    const read = readCommand(message.content, message.properties.messageId, workerId);
    switch (read.is) {
      case 'command':
        if (read.command.action === 'announce') await beat();
        else await numbers.handle(read.command);
        return 'ack';
      case 'foreign':
        log.debug('foreign_command', { action: read.action });
        return giveBack(message, 'foreign');
      case 'answer':
        return giveBack(message, 'answer');
      default:
        log.warn('malformed', { error: read.why, messageId: message.properties.messageId });
        return 'reject';
    }
  };

  broker.onUp(() => {
    void beat();
    void numbers.tellCodes();
  });
  // Several workers' messages lie in the shared queue, those given back among them: they must not use up what may be in hand.
  await broker.consume({
    queue: mode === 'routed' ? commandQueue(workerId) : LEGACY_QUEUE,
    prefetch: config.prefetch,
    declare: mode === 'legacy' ? async channel => {
      await channel.assertQueue(LEGACY_QUEUE, { durable: true });
      await channel.assertQueue(HEALTH_QUEUE, { durable: true });
    } : undefined,
    begun,
    async handle(message) {
      try {
        return await handle(message);
      } finally {
        left -= 1;
        if (left === 0) void backlogDone();
      }
    },
  });
  await numbers.settleInterrupted();
  broker.start();
  every(config.heartbeatMs, beat);
  every(Math.min(LEASE_LOOK_MS, config.leaseMs || LEASE_LOOK_MS), letGo);
  every(config.healthMs, async () => {
    for (const report of numbers.health()) await say('health', report);
  });
  log.info('started', { mode, capacity: config.capacity, held: numbers.held.length, waiting: outbox.size });

  return {
    numbers, outbox, broker,
    /** Ends in order: takes nothing new, finishes what is in hand, closes the sockets without unlinking, tells what is to be told. */
    stop() {
      stopping ??= (async () => {
        log.info('stopping', { held: numbers.held.length });
        for (const cancel of loops.values()) cancel();
        cancelBacklog?.();
        const within = (work, ms) => Promise.race([work, new Promise(resolve => timers.after(ms, resolve))]);
        await broker.stopConsuming();
        await within(numbers.pause({ told: true }), config.drainMs);
        await outbox.put(answer(workerId, 'stopping', {}, timers.now()));
        await within(outbox.flushed(), Math.min(FLUSH_MS, config.drainMs));
        await broker.close();
        await store.close();
        log.info('stopped', { waiting: outbox.size });
      })();
      return stopping;
    },
  };
}
