import assert from 'node:assert/strict';
import test from 'node:test';
import { messageIdOf } from '../src/sends.js';
import { rig } from './support/rig.js';
import { eventually } from './support/time.js';

const scenario = (name, work, more) => test(name, async () => {
  const it = await rig(more);
  try { await work(it); } finally { await it.end(); }
});
const text = { to: '+221770000002', text: 'Bonjour', ref: 'effect-1' };
const results = it => it.said.filter(one => one.action === 'send_result');

scenario('send_Accepted_IsToldWithWhatsAppsId', async it => {
  await it.connect();
  const sending = it.command('send', text);
  await eventually(() => it.socket.sent.length);
  assert.deepEqual(it.socket.sent[0], { jid: '221770000002@s.whatsapp.net', text: 'Bonjour', messageId: messageIdOf('6', 'effect-1') });
  await sending;
  assert.equal(results(it).length, 0, 'not sent before WhatsApp says so');
  it.socket.ack(messageIdOf('6', 'effect-1'));
  const result = await it.heard('send_result');
  assert.deepEqual([result.status, result.ref, result.messageId, result.numberId], ['sent', 'effect-1', messageIdOf('6', 'effect-1'), 6]);
});

scenario('send_SameReferenceAgain_IsAnsweredAndNotSent', async it => {
  await it.connect();
  await it.command('send', text);
  it.socket.ack(messageIdOf('6', 'effect-1'));
  await it.heard('send_result');
  await it.command('send', text);
  await it.command('send', text, { id: 'another command' });
  await it.crash();
  await it.numbers.resume();
  it.socket.open();
  await it.command('send', text);
  assert.equal(results(it).length, 4);
  assert.ok(results(it).every(one => one.status === 'sent'));
  assert.equal(it.sockets.made.flatMap(socket => socket.sent).length, 1);
});

scenario('send_ManyTimesAtOnce_IsSentOnce', async it => {
  await it.connect();
  await Promise.all(Array.from({ length: 20 }, () => it.command('send', text)));
  assert.equal(it.socket.sent.length, 1);
});

scenario('send_CrashInBetween_IsUncertainAndNeverSentAgain', async it => {
  await it.connect();
  await it.command('send', text);
  const first = it.socket;
  await it.crash();
  await it.numbers.settleInterrupted();
  assert.deepEqual([it.last('send_result').status, it.last('send_result').error], ['uncertain', 'worker_stopped']);
  await it.numbers.resume();
  it.socket.open();
  await it.command('send', text);
  assert.equal(it.last('send_result').status, 'uncertain');
  assert.deepEqual([first.sent.length, it.socket.sent.length], [1, 0]);
});

scenario('send_ConnectionLostBeforeTheAcknowledgement_IsUncertainUntilItArrives', async it => {
  await it.connect();
  await it.command('send', text);
  it.socket.drop(428);
  assert.equal((await it.heard('send_result')).status, 'uncertain');
  await it.timers.pass(1_000);
  it.socket.open();
  it.socket.ack(messageIdOf('6', 'effect-1'));
  assert.equal((await it.heard('send_result', 2)).status, 'sent');
  it.socket.ack(messageIdOf('6', 'effect-1'));
  await it.command('stop');
  assert.equal(results(it).length, 2, 'told once');
});

scenario('send_NoAcknowledgementInTime_IsUncertain', async it => {
  await it.connect();
  await it.command('send', text);
  await it.timers.pass(20_000);
  assert.deepEqual([(await it.heard('send_result')).status, it.last('send_result').error], ['uncertain', 'not_acknowledged']);
});

scenario('send_HandingOverBreaks_IsUncertain', async it => {
  await it.connect();
  it.socket.onSend = () => { throw new Error('Connection Closed'); };
  await it.command('send', text);
  assert.equal((await it.heard('send_result')).status, 'uncertain');
});

scenario('send_RefusedWith463_FailsForGoodWithTheCode', async it => {
  await it.connect();
  await it.command('send', text);
  it.socket.ack(messageIdOf('6', 'effect-1'), '463');
  const result = await it.heard('send_result');
  assert.deepEqual([result.status, result.error, result.errorCode, result.messageId], ['failed', 'refused', 463, undefined]);
  await it.command('send', text);
  assert.equal(it.socket.sent.length, 1);
});

scenario('send_NotConnected_FailsAndMayBeTriedAgain', async it => {
  await it.connect();
  it.socket.drop(428);
  await it.heard('closed', 2);
  await it.command('send', text);
  assert.equal(it.last('send_result').error, 'not_connected');
  await it.timers.pass(1_000);
  it.socket.open();
  await it.heard('connected', 2);
  await it.command('send', text);
  assert.equal(it.socket.sent.length, 1);
});

scenario('send_NumberWithoutWhatsApp_IsNotWrittenTo', async it => {
  await it.connect();
  it.socket.withoutWhatsApp = new Set(['221770000002']);
  await it.command('send', text);
  assert.equal(it.last('send_result').error, 'not_on_whatsapp');
  assert.equal(it.socket.sent.length, 0);
});

scenario('send_ToALid_AsksNobody', async it => {
  await it.connect();
  await it.command('send', { ...text, to: '123456789@lid' });
  assert.equal(it.socket.sent[0].jid, '123456789@lid');
  assert.equal(it.socket.asked, undefined);
});

scenario('send_OlderThanWhatIsRemembered_IsRefused', async it => {
  await it.connect({}, { at: 1_000 });
  await it.command('send', text, { at: it.timers.now() - 30 * 86_400_000 });
  assert.equal(it.last('send_result').error, 'too_old');
  assert.equal(it.socket.sent.length, 0);
});

scenario('send_UnderAnotherSession_IsRefused', async it => {
  await it.connect();
  await it.command('send', { ...text, sessionId: 'session_6_zzzz' });
  assert.equal(it.last('send_result').error, 'stale_session');
  assert.equal(it.socket.sent.length, 0);
});

scenario('send_ManyToOneNumber_LeaveInTheirOrder', async it => {
  await it.connect();
  it.socket.onSend = () => new Promise(resolve => setTimeout(resolve, Math.random() * 5));
  await Promise.all(Array.from({ length: 30 }, (_, n) => it.command('send', { to: '+221770000002', text: `${n}`, ref: `r${n}` })));
  assert.deepEqual(it.socket.sent.map(one => Number(one.text)), Array.from({ length: 30 }, (_, n) => n));
});

scenario('status_OfAMessageOfOurs_IsTold_AndSettlesWhatWasUncertain', async it => {
  await it.connect();
  await it.command('send', text);
  await it.timers.pass(20_000);
  await it.heard('send_result');
  it.socket.listener.onStatus({ messageId: messageIdOf('6', 'effect-1'), status: 'delivered' });
  assert.equal((await it.heard('message_status')).status, 'delivered');
  assert.equal(it.last('send_result').status, 'sent');
  it.socket.listener.onStatus({ messageId: 'typed on the phone', status: 'read' });
  await it.command('stop');
  assert.equal(it.actions().filter(action => action === 'message_status').length, 1);
});

scenario('tidy_OldSends_AreForgotten', async it => {
  await it.connect();
  await it.command('send', text);
  it.socket.ack(messageIdOf('6', 'effect-1'));
  await it.heard('send_result');
  await it.timers.pass(31 * 86_400_000);
  await it.numbers.settleInterrupted();
  assert.equal(it.store.sends.size, 0);
});
