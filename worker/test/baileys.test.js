// The real Baileys, driven by a WhatsApp that speaks its protocol on this machine (support/whatsapp.js).

import assert from 'node:assert/strict';
import test from 'node:test';
import { shutConsole } from '../src/log.js';
import { openSocket } from '../src/socket.js';
import { realTimers } from '../src/timers.js';
import { rig } from './support/rig.js';
import { startWhatsApp } from './support/whatsapp.js';
import { eventually } from './support/time.js';

const console_ = shutConsole();

const scenario = (name, work) => test(name, { timeout: 60_000 }, async () => {
  const whatsapp = await startWhatsApp();
  const it = await rig({ timers: realTimers, waUrl: whatsapp.url, openSocket, sendAckMs: 3_000 });
  try { await work(it, whatsapp); } finally {
    await it.end();
    await whatsapp.end();
  }
});

async function pair(it, whatsapp) {
  await it.command('create');
  whatsapp.scan((await it.heard('qr_generated')).qrCode);
  return it.heard('connected');
}

scenario('pairing_PictureIsScanned_515ThenConnected', async (it, whatsapp) => {
  const connected = await pair(it, whatsapp);
  assert.equal(connected.phoneNumber, '+221771234567');
  assert.deepEqual(it.actions().slice(0, 5), ['starting', 'qr_generated', 'scanned', 'closed', 'connected']);
  assert.deepEqual([it.last('closed').code, it.last('closed').reconnects], [515, true]);
  assert.ok(whatsapp.asked.includes('encrypt/count'));
  assert.equal(it.numbers.health()[0].status, 'HEALTHY');
});

scenario('restart_OfTheProcess_LogsInWithoutAScan', async (it, whatsapp) => {
  await pair(it, whatsapp);
  await it.numbers.pause();
  await it.crash();
  await it.numbers.resume();
  await it.heard('connected', 2);
  assert.equal(whatsapp.logins, 2);
  assert.equal(it.actions().filter(action => action === 'qr_generated').length, 1);
});

for (const [name, how, code, reconnects] of [
  ['401DeviceRemoved', whatsapp => whatsapp.streamError(401, { tag: 'conflict', attrs: { type: 'device_removed' } }), 401, false],
  ['440Replaced', whatsapp => whatsapp.streamError(undefined, { tag: 'conflict', attrs: { type: 'replaced' } }), 440, false],
  ['403Failure', whatsapp => whatsapp.failure(403), 403, false],
  ['405Failure', whatsapp => whatsapp.failure(405), 405, false],
  ['411Failure', whatsapp => whatsapp.failure(411), 411, false],
  ['503', whatsapp => whatsapp.streamError(503), 503, true],
  ['unknownStreamError', whatsapp => whatsapp.streamError(undefined, { tag: 'something', attrs: {} }), 500, true],
  ['lineCut', whatsapp => whatsapp.cut(), 428, true],
]) {
  scenario(`closed_${name}_ArrivesAs${code}`, async (it, whatsapp) => {
    await pair(it, whatsapp);
    how(whatsapp);
    const closed = await it.heard('closed', 2);
    assert.deepEqual([closed.code, closed.reconnects], [code, reconnects]);
    if (code === 428) await it.heard('connected', 2);
  });
}

scenario('codes_AllRefsUsedUp_EndsAsExhausted', async (it, whatsapp) => {
  whatsapp.refs = 0;
  await it.command('create');
  const closed = await it.heard('closed');
  assert.deepEqual([closed.code, closed.reason, closed.registered], [408, 'qr_exhausted', false]);
});

scenario('send_ToAContact_IsReadByItAndAcknowledged', async (it, whatsapp) => {
  const awa = whatsapp.contact('221770000002', '555000222');
  await pair(it, whatsapp);
  await it.command('send', { to: '+221770000002', text: 'Bonjour Awa', ref: 'e1' });
  const result = await it.heard('send_result');
  assert.equal(result.status, 'sent');
  assert.deepEqual(awa.read.map(one => [one.id, one.text.conversation ?? one.text.extendedTextMessage?.text]), [[result.messageId, 'Bonjour Awa']]);
  await it.command('send', { to: '+221770000009', text: 'x', ref: 'e2' });
  assert.equal(it.last('send_result').error, 'not_on_whatsapp');
});

scenario('send_RefusedAndUnanswered_AreToldApart', async (it, whatsapp) => {
  whatsapp.contact('221770000002', '555000222');
  await pair(it, whatsapp);
  whatsapp.refuse = 479;
  await it.command('send', { to: '+221770000002', text: 'x', ref: 'e1' });
  assert.deepEqual([(await it.heard('send_result')).status, it.last('send_result').errorCode], ['failed', 479]);
  whatsapp.silent = true;
  await it.command('send', { to: '+221770000002', text: 'x', ref: 'e2' });
  assert.deepEqual([(await it.heard('send_result', 2)).status, it.last('send_result').error], ['uncertain', 'not_acknowledged']);
});

scenario('send_NoKeysForTheContact_FailsAndIsNotUncertain', async (it, whatsapp) => {
  // Baileys asks for keys by LID only.
  whatsapp.contact('221770000002');
  await pair(it, whatsapp);
  await it.command('send', { to: '+221770000002', text: 'x', ref: 'e1' });
  assert.deepEqual([(await it.heard('send_result')).status, it.last('send_result').error], ['failed', 'no_keys']);
  assert.equal(whatsapp.messages, undefined);
});

scenario('message_Encrypted_IsReadAndToldAsNotifyOrAppend', async (it, whatsapp) => {
  const awa = whatsapp.contact('221770000002');
  await pair(it, whatsapp);
  const id = await whatsapp.write(awa, 'secret words');
  const told = await it.heard('message');
  assert.deepEqual([told.upsert, told.messages[0].id, told.messages[0].text, told.messages[0].phone, told.messages[0].name], ['notify', id, 'secret words', '+221770000002', 'Awa']);
  await whatsapp.write(awa, 'while you were away', { offline: true });
  assert.equal((await it.heard('message', 2)).upsert, 'append');
  assert.ok(![...it.lines, ''].join('\n').includes('words'));
});

scenario('message_FromALid_CarriesThePhone', async (it, whatsapp) => {
  const awa = whatsapp.contact('221770000002', '555000222');
  await pair(it, whatsapp);
  await whatsapp.write(awa, 'hello', { from: '555000222@lid', attrs: { sender_pn: awa.jid, addressing_mode: 'lid' } });
  const told = await it.heard('message');
  assert.deepEqual([told.messages[0].jid, told.messages[0].phone], ['555000222@lid', '+221770000002']);
});

scenario('message_AcknowledgedAndHeldBackWhenTheStreamEnds_IsNotLost', async (it, whatsapp) => {
  const awa = whatsapp.contact('221770000002');
  await pair(it, whatsapp);
  for (let n = 0; n < 5; n += 1) await whatsapp.write(awa, `m${n}`, { offline: true });
  // From here on WhatsApp does not deliver them again; Baileys still holds some of them back.
  await eventually(() => whatsapp.receipts.length === 5, 'five receipts');
  whatsapp.streamError(503);
  await it.heard('closed', 2);
  const got = it.said.filter(one => one.action === 'message').flatMap(one => one.messages.map(message => message.text));
  assert.deepEqual(got, ['m0', 'm1', 'm2', 'm3', 'm4']);
});

scenario('logout_Connected_UnlinksTheDevice', async (it, whatsapp) => {
  await pair(it, whatsapp);
  await it.command('logout');
  await eventually(() => whatsapp.asked.includes('md/remove-companion-device'), 'the unlinking');
  assert.equal(it.last('closed').told, true);
});

test('console_LibsignalSpeaks_NobodyHears', () => assert.equal(typeof console_.count, 'number'));
