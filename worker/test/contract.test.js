import assert from 'node:assert/strict';
import test from 'node:test';
import { answer, envelope, health, readCommand } from '../src/contract.js';

const read = (body, id = 'm1') => readCommand(Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)), id, '1');
const seed = { sessionId: 6, action: 'create', data: { numberId: 6, phoneNumber: '+221771234567', sessionId: 'session_6_2533b0aa', workerId: '1' }, timestamp: 1733396400000 };

test('readCommand_TheSeedsMessage_IsUnderstood', () => {
  const { is, command } = read(seed);
  assert.equal(is, 'command');
  assert.deepEqual(
    [command.action, command.key, command.numberId, command.sessionId, command.phoneNumber, command.at, command.id],
    ['create', '6', 6, 'session_6_2533b0aa', '+221771234567', 1733396400000, 'm1'],
  );
});

test('readCommand_FieldsShuffledNumbersAsTextsUnknownOnes_IsTheSame', () => {
  const { command } = read({ timestamp: '1733396400000', x: [1], data: { y: null, workerId: 1, sessionId: 'session_6_2533b0aa', phoneNumber: '+221771234567', numberId: '6' }, action: 'create', sessionId: '6' });
  assert.deepEqual([command.key, command.numberId, command.sessionId, command.at], ['6', '6', 'session_6_2533b0aa', 1733396400000]);
});

test('readCommand_LegacyWithFieldsAtTheTopToo_IsTheSame', () => {
  assert.deepEqual(read({ ...seed, numberId: 6, phoneNumber: '+221771234567', workerId: '1' }).command, read(seed).command);
});

test('readCommand_ForAnotherWorker_IsForeignWhereverItIsSaid', () => {
  assert.deepEqual(read({ ...seed, data: { ...seed.data, workerId: '2' } }), { is: 'foreign', action: 'create', workerId: '2' });
  assert.equal(read({ ...seed, workerId: '2' }).is, 'foreign');
  assert.equal(read({ workerId: 2, action: 'whatever' }).is, 'foreign', 'what others are told need not make sense here');
});

test('readCommand_AnAnswer_IsRecognised', () => {
  for (const action of ['qr_generated', 'connected', 'closed', 'heartbeat']) assert.equal(read({ action, numberId: 6 }).is, 'answer');
});

for (const [name, body] of Object.entries({
  noJson: '{', list: '[]', text: '"x"', noAction: { data: {} }, unknownAction: { ...seed, action: 'dance' }, noNumber: { ...seed, data: { sessionId: 's', workerId: '1' } },
  path: { ...seed, data: { ...seed.data, numberId: '../../etc' } }, noSession: { ...seed, data: { numberId: 6, workerId: '1' } },
  sendWithoutRef: { ...seed, action: 'send', data: { ...seed.data, to: '+22177', text: 'x' } }, sendToAGroup: { ...seed, action: 'send', data: { ...seed.data, to: '120363@g.us', text: 'x', ref: 'r' } },
  sendWithoutText: { ...seed, action: 'send', data: { ...seed.data, to: '+221770000001', text: '', ref: 'r' } },
})) {
  test(`readCommand_${name}_IsMalformed`, () => assert.equal(read(body).is, 'malformed'));
}

test('readCommand_WithoutMessageId_GetsTheSameIdAtEachRepetition', () => {
  assert.equal(read(seed, null).command.id, read(seed, null).command.id);
  assert.notEqual(read(seed, null).command.id, read({ ...seed, timestamp: 1733396400001 }, null).command.id);
});

test('envelope_Routed_HasItsKeyAndSurvivesTheBroker', () => {
  const message = answer('1', 'connected', { numberId: 6, sessionId: 's' }, 1_733_396_405_000);
  const out = envelope(message, { mode: 'routed', workerId: '1' });
  assert.deepEqual([out.exchange, out.routingKey], ['whatsapp.session', 'evt.1.connected']);
  assert.deepEqual([out.properties.persistent, out.properties.mandatory, out.properties.messageId, out.properties.type, out.properties.correlationId], [true, true, message.id, 'connected', 's']);
  assert.deepEqual(JSON.parse(out.content), { action: 'connected', numberId: 6, sessionId: 's', workerId: '1', timestamp: 1_733_396_405_000 });
});

test('envelope_HealthAndLegacy_GoToTheirQueues', () => {
  const report = health('1', { numberId: 6, status: 'HEALTHY' }, 1_733_396_405_000);
  assert.equal(envelope(report, { mode: 'routed', workerId: '1' }).routingKey, 'health.1');
  assert.deepEqual(JSON.parse(envelope(report, { mode: 'routed', workerId: '1' }).content).action, undefined);
  const legacy = envelope(report, { mode: 'legacy', workerId: '1' });
  assert.deepEqual([legacy.exchange, legacy.routingKey], ['', 'numberHealth']);
  assert.equal(envelope(answer('1', 'connected', {}, 1), { mode: 'legacy', workerId: '1' }).routingKey, 'whatsapp.session.update');
});
