// The whole way with everything real but WhatsApp: Dispatch (a built Dispatch.Web.dll), RabbitMQ, this worker with the real Baileys, and the WhatsApp of
// support/whatsapp.js. Not part of `npm test`, because it needs a built Dispatch:
//
//   dotnet build Dispatch.Web && node worker/test/e2e/dispatch.mjs Dispatch.Web/bin/Debug/net10.0/Dispatch.Web.dll

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { readConfig } from '../../src/config.js';
import { createLog, shutConsole } from '../../src/log.js';
import { openSocket } from '../../src/socket.js';
import { startWorker } from '../../src/worker.js';
import { startRabbit } from '../support/rabbit.js';
import { eventually } from '../support/time.js';
import { startWhatsApp } from '../support/whatsapp.js';

const dll = resolve(process.argv[2] ?? 'Dispatch.Web/bin/Debug/net10.0/Dispatch.Web.dll');
shutConsole();
const start = Date.now();
const say = words => process.stdout.write(`${((Date.now() - start) / 1000).toFixed(1).padStart(6)} s  ${words}\n`);

const port = await new Promise(done => {
  const server = createServer().listen(0, '127.0.0.1', () => {
    const found = server.address().port;
    server.close(() => done(found));
  });
});
const folder = await mkdtemp(join(tmpdir(), 'e2e-'));
const rabbit = await startRabbit();
say('RabbitMQ runs');
const whatsapp = await startWhatsApp();
const key = 'an-api-key-of-this-check';
const output = [];
const startDispatch = async () => {
  const process_ = spawn('dotnet', [dll, '--urls', `http://127.0.0.1:${port}`], {
    cwd: folder, stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env, ASPNETCORE_ENVIRONMENT: 'Production', Demo__Enabled: 'false', Database__Path: join(folder, 'dispatch.db'), DataProtection__Path: join(folder, 'keys'),
      Api__Keys__0: key, Broker__Uri: rabbit.uri,
    },
  });
  for (const stream of [process_.stdout, process_.stderr]) stream.on('data', chunk => output.push(String(chunk)));
  await eventually(() => fetch(`http://127.0.0.1:${port}/api/workers`, { headers: { 'X-Api-Key': key } }).then(answer => answer.ok, () => false), 'Dispatch', 90_000);
  return process_;
};
const api = async (method, path, body) => {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
    method, headers: { 'X-Api-Key': key, 'content-type': 'application/json' }, body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await answer.text();
  assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${text}`);
  return text ? JSON.parse(text) : undefined;
};

let dispatch;
let worker;
const lines = [];
const seen = [];
const config = { ...readConfig({
  WORKER_ID: 'node-1', BROKER_URI: rabbit.uri, WORKER_STORE_KEY: randomBytes(32).toString('hex'), WORKER_STORE_PATH: join(folder, 'worker'), WORKER_HEALTH_SECONDS: '2',
  WORKER_HEARTBEAT_SECONDS: '1', WORKER_LOG_LEVEL: 'debug',
}), waUrl: whatsapp.url };
const startTheWorker = () => startWorker({
  config, log: createLog({ level: 'debug', write: line => lines.push(line) }),
  // The admin's screen: what is shown there is what the phone sees. Dispatch's API never gives a code away.
  openSocket: options => openSocket({ ...options, listener: { ...options.listener, onUpdate: update => { if (update.qr) seen.push(update.qr); options.listener.onUpdate(update); } } }),
});

try {
  dispatch = await startDispatch();
  say('Dispatch runs');
  await api('POST', '/api/workers', { id: 'node-1', mode: 'Routed', capacity: 10 });
  worker = await startTheWorker();
  await eventually(async () => (await api('GET', '/api/workers')).items.find(one => one.id === 'node-1')?.state === 'Up', 'the worker to be up', 60_000);
  say('the worker is up, as Dispatch sees it');

  const { clientId, numberId } = await api('POST', '/api/clients', { name: 'Chez Awa', phoneNumber: '+221771234567' });
  const validated = await api('POST', `/clients/${clientId}/validate?workerId=node-1`);
  assert.equal(validated.numberId, numberId);
  const number = async () => (await api('GET', `/api/numbers/${numberId}`)).number;
  const reaches = (status, ms = 60_000) => eventually(async () => (await number()).status === status, status, ms);
  await reaches('WaitingQr');
  const shown = JSON.stringify(await api('GET', `/api/numbers/${numberId}`));
  assert.ok(!shown.includes('base64') && !shown.includes(seen[0]), 'the API gives no code away');
  say('the number waits for its scan');
  await whatsapp.scanRaw(seen.at(-1));
  await reaches('Connected');
  say('scanned and connected');

  const awa = whatsapp.contact('221770000002', '555000222');
  await whatsapp.write(awa, 'Bonjour, vous êtes ouverts ?');
  const conversation = await eventually(async () => (await api('GET', '/api/conversations')).items[0], 'the conversation', 60_000);
  say('what the contact wrote is a conversation');
  const moderator = await api('POST', '/api/moderators', { name: 'Binta', email: 'binta@example.org' });
  await api('POST', `/api/moderators/${moderator.id}/connect`);
  await eventually(async () => JSON.stringify(await api('GET', `/api/conversations/${conversation.id}`)).includes('Binta'), 'an owner', 60_000);
  await api('POST', `/api/conversations/${conversation.id}/messages`, { text: 'Oui, jusqu’à 20 h.', effectKey: 'once' });
  await eventually(() => awa.read.length === 1, 'the answer on the phone', 60_000);
  assert.equal(awa.read[0].text.conversation ?? awa.read[0].text.extendedTextMessage.text, 'Oui, jusqu’à 20 h.');
  await eventually(async () => /"status":"(Sent|Delivered|Read)"/.test(JSON.stringify((await api('GET', `/api/conversations/${conversation.id}`)).messages.at(-1) ?? '') + JSON.stringify(await api('GET', `/api/conversations/${conversation.id}`))), 'sent', 60_000);
  say('the moderator answered, the contact read it, Dispatch knows that it was sent');

  await worker.stop();
  await eventually(async () => (await number()).status !== 'Connected', 'the number to be seen without its worker', 60_000);
  say(`the worker ended; the number is ${(await number()).status}`);
  worker = await startTheWorker();
  await reaches('Connected');
  say('the worker is back and the number connected, without a scan');

  dispatch.kill('SIGKILL');
  await new Promise(gone => dispatch.once('exit', gone));
  await whatsapp.write(awa, 'Merci !');
  dispatch = await startDispatch();
  await eventually(async () => JSON.stringify(await api('GET', `/api/conversations/${conversation.id}`)).includes('Merci !'), 'what was written meanwhile', 60_000);
  say('Dispatch was killed and started again; what was written meanwhile is there');

  await rabbit.stop();
  await whatsapp.write(awa, 'Encore une question');
  await rabbit.start();
  await eventually(async () => JSON.stringify(await api('GET', `/api/conversations/${conversation.id}`)).includes('Encore une question'), 'what was written without a broker', 90_000);
  say('the broker was restarted; what was written meanwhile is there');

  whatsapp.streamError(401, { tag: 'conflict', attrs: { type: 'device_removed' } });
  await reaches('LoggedOut');
  say('unlinked on the phone: LoggedOut');
  assert.equal(seen.length, 1, 'one scan in all');
  for (const secret of ['Bonjour, vous', 'jusqu’à', '22177', seen[0].slice(0, 30)]) assert.ok(!lines.join('\n').includes(secret), `the worker's log holds ${secret}`);
  say('done');
} catch (error) {
  process.stdout.write(`${lines.slice(-30).join('\n')}\n${output.join('').split('\n').slice(-30).join('\n')}\n`);
  process.stdout.write(`${error.stack}\n`);
  process.exitCode = 1;
} finally {
  await worker?.stop().catch(() => {});
  dispatch?.kill('SIGKILL');
  await whatsapp.end();
  await rabbit.end();
  await rm(folder, { recursive: true, force: true });
  process.exit();
}
