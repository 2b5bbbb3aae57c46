import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { readCommand } from '../../src/contract.js';
import { createLog } from '../../src/log.js';
import { Numbers } from '../../src/numbers.js';
import { openStore } from '../../src/store/store.js';
import { standIns } from './standIn.js';
import { eventually, FakeTimers } from './time.js';

export const testConfig = (more = {}) => ({
  workerId: 'w1', mode: 'routed', capacity: 5, sendAckMs: 20_000, sendsKeptDays: 30, checkRecipients: true, storeKey: randomBytes(32), deviceName: 'Dispatch', ...more,
});

/** Numbers with everything real but the socket, the clock and the broker. `said` is what Dispatch would hear. */
export async function rig(more = {}) {
  const storePath = more.storePath ?? (await mkdtemp(join(tmpdir(), 'worker-')));
  const config = testConfig({ storePath, ...more });
  const timers = more.timers ?? new FakeTimers();
  const lines = [];
  const log = createLog({ level: 'debug', write: line => lines.push(line) });
  const sockets = more.openSocket ? { openSocket: more.openSocket, made: [] } : standIns();
  const said = [];
  let store = await openStore(config);
  const start = () => new Numbers({
    store, log, timers, config, openSocket: sockets.openSocket, random: () => 0.5,
    say: async (action, fields, how) => { said.push({ action, ...fields, ...(how ? { how } : {}) }); },
  });
  let numbers = start();
  let issued = timers.now();
  const self = {
    config, timers, sockets, said, lines, storePath,
    get numbers() { return numbers; },
    get store() { return store; },
    get socket() { return sockets.last; },
    /** Gives a command as the wire does. */
    command(action, data = {}, { id = `c${Math.random()}`, at = (issued += 1) } = {}) {
      const body = { sessionId: 6, action, data: { numberId: 6, phoneNumber: '+221771234567', sessionId: 'session_6_aaaa', workerId: config.workerId, ...data }, timestamp: at };
      const read = readCommand(Buffer.from(JSON.stringify(body)), id, config.workerId);
      if (read.is !== 'command') throw new Error(`not a command: ${JSON.stringify(read)}`);
      return numbers.handle(read.command);
    },
    actions: () => said.map(one => one.action),
    last: action => said.findLast(one => one.action === action),
    heard: (action, count = 1) => eventually(() => said.filter(one => one.action === action).length >= count && self.last(action), `${count} × ${action}`),
    /** As far as connected. */
    async connect(data, options) {
      const opens = sockets.made.length;
      await self.command('create', data, options);
      self.socket.qr();
      await self.heard('qr_generated');
      self.socket.scan();
      self.socket.drop(515);
      await eventually(() => sockets.made.length === opens + 2, 'the second socket');
      self.socket.open();
      return self.heard('connected');
    },
    /** The process dies without a word; its store is opened by the next one. */
    async crash() {
      await store.close();
      store = await openStore(config);
      numbers = start();
    },
    async end() {
      await numbers.pause();
      await store.close();
      await rm(storePath, { recursive: true, force: true });
    },
  };
  return self;
}
