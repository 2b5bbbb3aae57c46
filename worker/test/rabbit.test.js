import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after, before, describe } from 'node:test';
import amqplib from 'amqplib';
import { createLog } from '../src/log.js';
import { startWorker } from '../src/worker.js';
import { readConfig } from '../src/config.js';
import { messageIdOf } from '../src/sends.js';
import { missing, required, startRabbit } from './support/rabbit.js';
import { standIns, waMessage } from './support/standIn.js';
import { eventually } from './support/time.js';

let rabbit;

/** Dispatch's end: declares what Dispatch declares and hears what it hears. */
async function backend(t, workerId, heard = workerId) {
  const connection = await amqplib.connect(rabbit.uri);
  connection.on('error', () => {});
  const channel = await connection.createConfirmChannel();
  const said = [];
  const self = {
    channel, said,
    async declare(workerId) {
      await channel.assertExchange('whatsapp.session', 'topic', { durable: true });
      await channel.assertExchange('whatsapp.session.dlx', 'topic', { durable: true });
      await channel.assertQueue('whatsapp.session.dead', { durable: true });
      await channel.bindQueue('whatsapp.session.dead', 'whatsapp.session.dlx', '#');
      await channel.assertQueue('whatsapp.session.events', { durable: true, arguments: { 'x-queue-type': 'quorum', 'x-single-active-consumer': true } });
      await channel.bindQueue('whatsapp.session.events', 'whatsapp.session', 'evt.#');
      await channel.assertQueue('numberHealth', { durable: true });
      await channel.bindQueue('numberHealth', 'whatsapp.session', 'health.#');
      await self.declareWorker(workerId);
    },
    async declareWorker(workerId) {
      const queue = `whatsapp.session.cmd.${workerId}`;
      await channel.assertQueue(queue, { durable: true, arguments: { 'x-queue-type': 'quorum', 'x-delivery-limit': 5, 'x-dead-letter-exchange': 'whatsapp.session.dlx' } });
      await channel.bindQueue(queue, 'whatsapp.session', `cmd.${workerId}`);
    },
    async listen() {
      const hear = message => {
        if (!message) return;
        channel.ack(message);
        // What the workers of other tests left behind.
        if (![`evt.${heard}`, `health.${heard}`].some(key => message.fields.routingKey === key || message.fields.routingKey.startsWith(`${key}.`))) return;
        said.push({ key: message.fields.routingKey, id: message.properties.messageId, expiration: message.properties.expiration, ...JSON.parse(message.content) });
      };
      await channel.consume('whatsapp.session.events', hear);
      await channel.consume('numberHealth', hear);
    },
    tell(workerId, action, data = {}, { id = randomBytes(16).toString('hex'), at = Date.now() } = {}) {
      const body = { sessionId: 6, action, data: { numberId: 6, phoneNumber: '+221771234567', sessionId: 'session_6_2533b0aa', workerId, ...data }, timestamp: at };
      return new Promise((done, failed) => {
        channel.publish('whatsapp.session', `cmd.${workerId}`, Buffer.from(JSON.stringify(body)), { messageId: id, persistent: true, mandatory: true }, error => (error ? failed(error) : done()));
      });
    },
    of: action => said.filter(one => one.action === action),
    heard: (action, count = 1) => eventually(() => self.of(action).length >= count && self.of(action).at(-1), `${count} × ${action}`, 30_000),
    close: () => connection.close().catch(() => {}),
  };
  t.after(() => self.close());
  await self.declare(workerId);
  return self;
}

async function legacyBackend(t) {
  const connection = await amqplib.connect(rabbit.uri);
  t.after(() => connection.close());
  const channel = await connection.createConfirmChannel();
  await channel.assertQueue('whatsapp.session.update', { durable: true });
  await channel.purgeQueue('whatsapp.session.update');
  return { channel };
}

async function worker(t, id, env = {}) {
  const storePath = env.WORKER_STORE_PATH ?? (await mkdtemp(join(tmpdir(), 'worker-')));
  const key = env.WORKER_STORE_KEY ?? randomBytes(32).toString('hex');
  const settings = { WORKER_ID: id, BROKER_URI: rabbit.uri, WORKER_STORE_KEY: key, WORKER_STORE_PATH: storePath, ...env };
  const lines = [];
  const sockets = standIns();
  const running = await startWorker({ config: readConfig(settings), log: createLog({ level: 'debug', write: line => lines.push(JSON.parse(line)) }), openSocket: sockets.openSocket });
  t.after(async () => {
    await running.stop();
    await rm(storePath, { recursive: true, force: true });
  });
  return {
    ...running, sockets, lines, settings,
    logged: (event, count = 1) => eventually(() => lines.filter(line => line.event === event).length >= count, event, 30_000),
  };
}

/** The number is connected, seen from Dispatch. */
async function connect(dispatch, it, id, data) {
  const opens = it.sockets.made.length;
  await dispatch.tell(id, 'create', data);
  await eventually(() => it.sockets.made.length === opens + 1, 'the socket', 30_000);
  it.sockets.last.qr();
  await dispatch.heard('qr_generated');
  it.sockets.last.scan();
  it.sockets.last.drop(515);
  await eventually(() => it.sockets.made.length === opens + 2, 'the second socket');
  it.sockets.last.open();
  return dispatch.heard('connected');
}

describe('with a real RabbitMQ', { skip: missing && !required ? missing : false }, () => {
  before(async () => {
    if (missing) throw new Error(`${missing}, and DISPATCH_TEST_SERVERS=required`);
    rabbit = await startRabbit();
  });
  after(() => rabbit?.end());

  test('routed_ANumbersLife_IsToldOnTheRightKeys', async t => {
    const dispatch = await backend(t, 'life');
    await dispatch.listen();
    const it = await worker(t, 'life', { WORKER_HEALTH_SECONDS: '1', WORKER_HEARTBEAT_SECONDS: '1' });
    const registered = await dispatch.heard('registered');
    assert.deepEqual([registered.key, registered.workerId, registered.capacity, registered.numbers], ['evt.life.registered', 'life', 50, []]);
    await connect(dispatch, it, 'life');
    const qr = dispatch.of('qr_generated')[0];
    assert.equal(qr.key, 'evt.life.qr_generated');
    assert.ok(Number(qr.expiration) > 50_000 && Number(qr.expiration) <= 60_000, 'the broker lets a code go when it has expired');
    await dispatch.tell('life', 'send', { to: '+221770000001', text: 'Bonjour', ref: 'e1' });
    await eventually(() => it.sockets.last.sent.length, 'the send');
    it.sockets.last.ack(messageIdOf('6', 'e1'));
    assert.equal((await dispatch.heard('send_result')).status, 'sent');
    it.sockets.last.messages([waMessage()]);
    assert.equal((await dispatch.heard('message')).messages[0].text, 'Bonjour');
    const health = await eventually(() => dispatch.said.find(one => one.key === 'health.life'), 'health', 30_000);
    assert.deepEqual([health.numberId, health.status, health.workerId], [6, 'HEALTHY', 'life']);
    const beat = await eventually(() => dispatch.of('heartbeat').find(one => one.numbers[0]?.state === 'connected'), 'a heartbeat', 30_000);
    assert.deepEqual(beat.numbers, [{ numberId: 6, sessionId: 'session_6_2533b0aa', state: 'connected' }]);
    await it.stop();
    await dispatch.heard('stopping');
    const closed = dispatch.of('closed').at(-1);
    assert.deepEqual([closed.code, closed.reason, closed.reconnects, closed.registered], [0, 'worker_stopping', false, true]);
  });

  test('routed_QueueDeclaredLater_IsFoundByItself', async t => {
    const dispatch = await backend(t, 'other', 'late');
    await dispatch.listen();
    const it = await worker(t, 'late');
    await it.logged('queue_missing');
    await dispatch.declareWorker('late');
    await dispatch.tell('late', 'create');
    await dispatch.heard('starting');
  });

  test('routed_DeliveredAgain_IsDoneOnce', async t => {
    const dispatch = await backend(t, 'twice');
    await dispatch.listen();
    const it = await worker(t, 'twice');
    await connect(dispatch, it, 'twice');
    for (let n = 0; n < 3; n += 1) await dispatch.tell('twice', 'send', { to: '+221770000001', text: 'once', ref: 'e1' }, { id: 'the same' });
    await eventually(() => it.sockets.last.sent.length, 'the send');
    it.sockets.last.ack(messageIdOf('6', 'e1'));
    await dispatch.tell('twice', 'send', { to: '+221770000001', text: 'once', ref: 'e1' }, { id: 'another' });
    await dispatch.heard('send_result');
    await dispatch.tell('twice', 'stop');
    await dispatch.heard('closed', 2);
    assert.equal(it.sockets.made.flatMap(socket => socket.sent).length, 1);
  });

  test('routed_MalformedCommand_IsADeadLetterAndNothingStops', async t => {
    const dispatch = await backend(t, 'poison');
    await dispatch.channel.purgeQueue('whatsapp.session.dead');
    const it = await worker(t, 'poison');
    dispatch.channel.publish('whatsapp.session', 'cmd.poison', Buffer.from('{"action":'), { messageId: 'bad' });
    const dead = await eventually(() => dispatch.channel.get('whatsapp.session.dead', { noAck: true }), 'the dead letter', 30_000);
    assert.equal(dead.properties.headers['x-death'][0].reason, 'rejected');
    await dispatch.listen();
    await dispatch.tell('poison', 'create', { workerId: 'somebody-else' });
    await dispatch.tell('poison', 'create');
    await dispatch.heard('starting');
    assert.equal(it.sockets.made.length, 1, 'what is for another worker is not acted on');
  });

  test('routed_NobodyListensYet_AnswersWaitAndArriveInOrder', async t => {
    const dispatch = await backend(t, 'early');
    await dispatch.channel.unbindQueue('whatsapp.session.events', 'whatsapp.session', 'evt.#');
    const it = await worker(t, 'early');
    await dispatch.tell('early', 'create');
    await it.logged('answers_wait');
    await it.numbers.handle({ id: 'x', action: 'stop', key: '6', numberId: 6, sessionId: 'session_6_2533b0aa', at: Date.now() });
    await dispatch.channel.bindQueue('whatsapp.session.events', 'whatsapp.session', 'evt.#');
    await dispatch.listen();
    await dispatch.heard('closed');
    assert.deepEqual(dispatch.said.map(one => one.action).filter(action => ['starting', 'closed'].includes(action)), ['starting', 'closed']);
  });

  test('routed_BrokerRestarts_NothingIsLostAndNothingDoneTwice', async t => {
    let dispatch = await backend(t, 'restart');
    await dispatch.listen();
    const it = await worker(t, 'restart');
    await connect(dispatch, it, 'restart');
    await dispatch.close();
    await rabbit.stop();
    const ids = Array.from({ length: 50 }, (_, n) => `M${n}`);
    for (const id of ids) it.sockets.last.messages([waMessage({ id })]);
    await eventually(() => it.outbox.size >= 50, 'the outbox');
    await rabbit.start();
    dispatch = await backend(t, 'restart');
    await dispatch.listen();
    await dispatch.heard('message', 50);
    assert.deepEqual([...new Set(dispatch.of('message').map(one => one.messages[0].id))], ids);
    await dispatch.tell('restart', 'send', { to: '+221770000001', text: 'x', ref: 'after' });
    await eventually(() => it.sockets.last.sent.length === 1, 'the send');
    assert.equal(it.sockets.made.length, 2, 'the sockets to WhatsApp stayed');
  });

  test('routed_NoBrokerForLongerThanTheLease_LetsGoAndComesBackAfterTheBacklog', async t => {
    let dispatch = await backend(t, 'lease');
    await dispatch.listen();
    const it = await worker(t, 'lease', { WORKER_LEASE_SECONDS: '2', WORKER_HEARTBEAT_SECONDS: '1' });
    await connect(dispatch, it, 'lease');
    await dispatch.tell('lease', 'create', { numberId: 7, sessionId: 'session_7_aaaa' });
    await eventually(() => it.sockets.made.length === 3, 'the other number');
    await dispatch.close();
    await rabbit.stop();
    await it.logged('lease_over');
    await eventually(() => it.sockets.made.slice(1).every(socket => socket.closed), 'closed sockets');
    await rabbit.start();
    dispatch = await backend(t, 'lease');
    await dispatch.tell('lease', 'stop');
    await dispatch.listen();
    await eventually(() => it.sockets.made.length === 4, 'one of them again', 30_000);
    assert.equal(it.sockets.last.options.auth.creds.account, undefined, 'the other number: this one was stopped meanwhile');
    assert.deepEqual(it.numbers.list().map(one => one.numberId), [7]);
  });

  test('routed_WorkerCrashesAndReturns_HoldsItsNumbers', async t => {
    const dispatch = await backend(t, 'crash');
    await dispatch.listen();
    const first = await worker(t, 'crash');
    await connect(dispatch, first, 'crash');
    await first.stop();
    await dispatch.heard('stopping');
    const second = await worker(t, 'crash', first.settings);
    await eventually(() => second.sockets.made.length === 1, 'the socket', 30_000);
    assert.deepEqual(dispatch.of('registered').at(-1).numbers.map(one => one.numberId), [6]);
    second.sockets.last.open();
    await dispatch.heard('connected', 2);
    assert.equal(dispatch.of('qr_generated').length, 1, 'no scan');
  });

  test('legacy_SharedQueueByHandOver_HundredOfHundredBothWays', async t => {
    const { channel } = await legacyBackend(t);
    const it = await worker(t, '1', { WORKER_MODE: 'legacy', WORKER_CAPACITY: '200', WORKER_HEARTBEAT_SECONDS: '600' });
    await it.logged('consuming');
    const said = new Map();
    const heard = action => said.get(action)?.size ?? 0;
    const consume = () => channel.consume('whatsapp.session.update', message => {
      if (!message) return;
      const body = JSON.parse(message.content);
      // A command of its own that came back would be given out again.
      if (body.action === 'create') return channel.nack(message);
      if (!said.has(body.action)) said.set(body.action, new Set());
      said.get(body.action).add(body.numberId);
      return channel.ack(message);
    }, { priority: 10 });
    let { consumerTag } = await consume();
    for (let n = 1; n <= 100; n += 1) {
      await channel.cancel(consumerTag);
      const body = { sessionId: n, action: 'create', data: { numberId: n, phoneNumber: '+221771234567', sessionId: `session_${n}_aaaa`, workerId: '1' }, timestamp: Date.now() };
      await new Promise(done => channel.sendToQueue('whatsapp.session.update', Buffer.from(JSON.stringify(body)), { persistent: true }, done));
      ({ consumerTag } = await consume());
      await eventually(() => heard('starting') === n, `the answer of number ${n}`, 30_000);
    }
    for (const socket of it.sockets.made) socket.qr();
    await eventually(() => heard('qr_generated') === 100, 'a hundred codes', 60_000);
    assert.equal(it.sockets.made.length, 100, 'no command twice');
  });

  test('legacy_AMessageOfAnotherWorker_IsGivenBackSlowlyAndNeverActedOn', async t => {
    const { channel } = await legacyBackend(t);
    const it = await worker(t, '1', { WORKER_MODE: 'legacy', WORKER_HEARTBEAT_SECONDS: '600' });
    await it.logged('consuming');
    channel.sendToQueue('whatsapp.session.update', Buffer.from(JSON.stringify({ sessionId: 6, action: 'create', data: { numberId: 6, sessionId: 's', workerId: '2' }, timestamp: 1 })), { persistent: true });
    const foreign = () => it.lines.filter(line => line.event === 'foreign' && line.kind === 'foreign');
    await eventually(() => foreign().length >= 4, 'the fourth return', 30_000);
    assert.equal(it.sockets.made.length, 0);
    const from = foreign().map(line => Date.parse(line.time));
    assert.ok(from[3] - from[0] >= 50 + 100 + 200 - 20, 'ever more slowly');
    await it.stop();
    const back = await eventually(async () => {
      const got = await channel.get('whatsapp.session.update', { noAck: true });
      return got && JSON.parse(got.content).action === 'create' && got;
    }, 'the message');
    assert.equal(JSON.parse(back.content).data.workerId, '2');
  });

  test('main_RealProcessToldToStop_EndsInOrder', async t => {
    const dispatch = await backend(t, 'proc');
    await dispatch.listen();
    const storePath = await mkdtemp(join(tmpdir(), 'worker-'));
    t.after(() => rm(storePath, { recursive: true, force: true }));
    const env = { PATH: process.env.PATH, WORKER_ID: 'proc', BROKER_URI: rabbit.uri, WORKER_STORE_KEY: 'cd'.repeat(32), WORKER_STORE_PATH: storePath };
    const run = spawn(process.execPath, ['src/main.js'], { cwd: join(import.meta.dirname, '..'), env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [run.stdout, run.stderr]) stream.on('data', chunk => { output += chunk; });
    await dispatch.heard('registered');
    const ended = new Promise(resolve => run.once('exit', (code, signal) => resolve({ code, signal })));
    run.kill('SIGTERM');
    assert.deepEqual(await ended, { code: 0, signal: null }, output);
    await dispatch.heard('stopping');
    assert.match(output, /"event":"stopped"/);
  });
});
