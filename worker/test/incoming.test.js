import assert from 'node:assert/strict';
import test from 'node:test';
import { readMessage } from '../src/incoming.js';
import { messageIdOf } from '../src/sends.js';
import { rig } from './support/rig.js';
import { waMessage } from './support/standIn.js';

const scenario = (name, work, more) => test(name, async () => {
  const it = await rig(more);
  try { await work(it); } finally { await it.end(); }
});

scenario('message_Notify_IsToldAsTheContractHasIt', async it => {
  await it.connect();
  const at = it.timers.now();
  it.socket.messages([waMessage({ id: '3A55', at })]);
  const told = await it.heard('message');
  assert.deepEqual([told.numberId, told.sessionId, told.upsert, told.lids], [6, 'session_6_aaaa', 'notify', []]);
  assert.deepEqual(told.messages, [{ id: '3A55', jid: '221770000001@s.whatsapp.net', phone: '+221770000001', name: 'Awa', fromMe: false, type: 'text', text: 'Bonjour', timestamp: at }]);
});

scenario('message_AppendAfterAReconnection_IsToldToo', async it => {
  await it.connect();
  it.socket.drop(428);
  await it.timers.pass(1_000);
  await it.heard('closed', 2);
  await it.timers.pass(1_000);
  it.socket.open();
  it.socket.messages([waMessage({ id: 'A1', at: it.timers.now() }), waMessage({ id: 'A2', at: it.timers.now() })], true);
  const told = await it.heard('message');
  assert.deepEqual([told.upsert, told.messages.map(one => one.id)], ['append', ['A1', 'A2']]);
});

scenario('message_AppendFromBeforeThePairing_IsHistory', async it => {
  await it.connect();
  it.socket.messages([waMessage({ id: 'OLD', at: it.timers.now() - 3_600_000 }), waMessage({ id: 'NEW', at: it.timers.now() + 1_000 })], true);
  assert.deepEqual((await it.heard('message')).messages.map(one => one.id), ['NEW']);
});

scenario('message_FromALid_CarriesThePhoneWhereverItIsKnown', async it => {
  await it.connect();
  it.socket.lids = new Map([['333@lid', '221770000003']]);
  const at = it.timers.now();
  it.socket.messages([
    waMessage({ id: 'L1', from: '111@lid', alt: '221770000001@s.whatsapp.net', at }), waMessage({ id: 'L2', from: '222@lid', at }), waMessage({ id: 'L3', from: '333:4@lid', at }),
  ]);
  const told = await it.heard('message');
  assert.deepEqual(told.messages.map(one => [one.jid, one.phone]), [['111@lid', '+221770000001'], ['222@lid', undefined], ['333@lid', '+221770000003']]);
  assert.deepEqual(told.lids, [{ lid: '111@lid', phone: '+221770000001' }, { lid: '333@lid', phone: '+221770000003' }]);
  await it.crash();
  await it.numbers.resume();
  it.socket.messages([waMessage({ id: 'L4', from: '111@lid', at })]);
  assert.equal((await it.heard('message', 2)).messages[0].phone, '+221770000001', 'known over a restart');
});

scenario('lid_LearnedWithoutAMessage_IsToldOnce', async it => {
  await it.connect();
  it.socket.listener.onLid({ lid: '222@lid', phone: '221770000002' });
  it.socket.listener.onLid({ lid: '222@lid', phone: '221770000002' });
  await it.command('stop');
  assert.deepEqual(it.said.filter(one => one.action === 'lid_map').map(one => one.lids), [[{ lid: '222@lid', phone: '+221770000002' }]]);
});

scenario('message_OurOwnEcho_IsNotTold_WhatThePhoneTypedIs', async it => {
  await it.connect();
  await it.command('send', { to: '+221770000002', text: 'x', ref: 'r1' });
  const at = it.timers.now();
  it.socket.messages([waMessage({ id: messageIdOf('6', 'r1'), fromMe: true, at }), waMessage({ id: 'TYPED', fromMe: true, at })], true);
  assert.deepEqual((await it.heard('message')).messages.map(one => [one.id, one.fromMe, one.name]), [['TYPED', true, undefined]]);
});

scenario('message_WhileTheSocketCloses_IsNotLost', async it => {
  await it.connect();
  const socket = it.socket;
  socket.beforeClose = () => socket.messages([waMessage({ id: 'LAST', at: it.timers.now() })], true);
  await it.command('stop');
  assert.deepEqual(it.actions().slice(-2), ['message', 'closed']);
  assert.equal(it.last('message').messages[0].id, 'LAST');
});

const read = (message, how = { append: false }) => readMessage(waMessage(message), how);

test('readMessage_NotAConversationOfTwo_IsNone', () => {
  for (const from of ['120363@g.us', 'status@broadcast', '123@newsletter', '555@broadcast', undefined]) assert.equal(read({ from: from ?? '' }), undefined, from);
});

test('readMessage_NotDecryptedYet_IsNoneBecauseItsTextFollowsUnderTheSameId', () => {
  assert.equal(read({ text: null, messageStubType: 2 }), undefined);
  assert.equal(read({ text: null }), undefined);
});

test('readMessage_Wrapped_IsUnwrapped', () => {
  assert.equal(read({ message: { ephemeralMessage: { message: { extendedTextMessage: { text: 'gone soon' } } } } }).text, 'gone soon');
  assert.deepEqual((({ type, text }) => [type, text])(read({ message: { viewOnceMessageV2: { message: { imageMessage: { caption: 'look' } } } } })), ['image', 'look']);
});

test('readMessage_Kinds_AreNamed', () => {
  for (const [message, type, text] of [
    [{ audioMessage: { ptt: true } }, 'audio', undefined], [{ documentMessage: { caption: 'bill' } }, 'document', 'bill'], [{ stickerMessage: {} }, 'sticker', undefined],
    [{ locationMessage: { degreesLatitude: 1 } }, 'location', undefined], [{ buttonsResponseMessage: { selectedDisplayText: 'Yes' } }, 'reply', 'Yes'],
    [{ messageContextInfo: {}, conversation: 'hi' }, 'text', 'hi'],
  ]) {
    const told = read({ message });
    assert.deepEqual([told.type, told.text], [type, text]);
  }
  assert.equal(read({ message: { reactionMessage: { text: '👍' } } }), undefined);
  assert.equal(read({ message: { protocolMessage: { type: 0 } } }), undefined);
});
