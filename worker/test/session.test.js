import assert from 'node:assert/strict';
import test from 'node:test';
import { rig } from './support/rig.js';
import { eventually } from './support/time.js';

const scenario = (name, work, more) => test(name, async () => {
  const it = await rig(more);
  try { await work(it); } finally { await it.end(); }
});

scenario('create_NewNumber_StartsAndShowsTheCodeAsAPicture', async it => {
  await it.command('create');
  assert.deepEqual(it.actions(), ['starting']);
  it.socket.qr('2@abc,def,ghi');
  const code = await it.heard('qr_generated');
  assert.match(code.qrCode, /^data:image\/png;base64,iVBORw0KGgo/);
  assert.deepEqual([code.index, code.of, code.validFor, code.how.secret], [1, 6, 60_000, true]);
  assert.deepEqual([code.numberId, code.sessionId], [6, 'session_6_aaaa']);
});

scenario('qr_AllSixThenNone_CountsThemAndEndsAsExhausted', async it => {
  await it.command('create');
  for (let n = 1; n <= 6; n += 1) {
    it.socket.qr(`2@ref${n}`);
    const code = await it.heard('qr_generated', n);
    assert.deepEqual([code.index, code.validFor], [n, n === 1 ? 60_000 : 20_000]);
    await it.timers.pass(n === 1 ? 60_000 : 20_000);
  }
  it.socket.drop(408, 'QR refs attempts ended');
  const closed = await it.heard('closed');
  assert.deepEqual([closed.code, closed.reason, closed.reconnects, closed.registered], [408, 'qr_exhausted', false, false]);
  assert.equal(it.sockets.made.length, 1);
  assert.deepEqual(it.numbers.list(), []);
});

scenario('qr_OvertakenWhileItIsDrawn_StaysInOrder', async it => {
  await it.command('create');
  for (let n = 1; n <= 6; n += 1) it.socket.qr(`2@ref${n}${'x'.repeat(n === 1 ? 800 : 10)}`);
  await it.heard('qr_generated', 6);
  assert.deepEqual(it.said.filter(one => one.action === 'qr_generated').map(one => one.index), [1, 2, 3, 4, 5, 6]);
});

scenario('scan_ThenClosedWith515_IsProgressAndConnects', async it => {
  const connected = await it.connect();
  assert.equal(connected.phoneNumber, '+221771234567');
  assert.deepEqual(it.actions(), ['starting', 'qr_generated', 'scanned', 'closed', 'connected']);
  const closed = it.last('closed');
  assert.deepEqual([closed.code, closed.reconnects, closed.registered, closed.next], [515, true, true, 'restart']);
  assert.equal(it.timers.waits.length, 0, 'nothing waits: it restarted at once');
  assert.equal(it.numbers.list()[0].state, 'connected');
});

for (const [code, reason] of [[401, 'logged_out'], [411, 'multidevice_mismatch']]) {
  scenario(`closed_${code}_EndsAndForgetsTheCredentials`, async it => {
    await it.connect();
    it.socket.drop(code);
    const closed = await it.heard('closed', 2);
    assert.deepEqual([closed.code, closed.reason, closed.reconnects, closed.registered], [code, reason, false, false]);
    await it.timers.pass(600_000);
    assert.equal(it.sockets.made.length, 2, 'no third socket');
    await it.command('restart', { sessionId: 'session_6_bbbb' });
    assert.equal(it.socket.options.auth.creds.account, undefined, 'the next pairing begins anew');
  });
}

for (const [code, reason] of [[403, 'banned'], [440, 'replaced'], [405, 'version_too_old']]) {
  scenario(`closed_${code}_EndsAndKeepsTheCredentials`, async it => {
    await it.connect();
    it.socket.drop(code);
    const closed = await it.heard('closed', 2);
    assert.deepEqual([closed.code, closed.reason, closed.reconnects], [code, reason, false]);
    await it.timers.pass(600_000);
    assert.equal(it.sockets.made.length, 2);
    await it.command('restart', { sessionId: 'session_6_bbbb' });
    assert.ok(it.socket.options.auth.creds.account, 'no scan needed when a person has settled it');
  });
}

for (const [code, first] of [[408, 1_000], [428, 1_000], [500, 1_000], [503, 10_000], [undefined, 1_000]]) {
  scenario(`closed_${code}_ReconnectsLater`, async it => {
    await it.connect();
    it.socket.drop(code);
    const closed = await it.heard('closed', 2);
    assert.deepEqual([closed.code, closed.reconnects, closed.delayMs], [code ?? 0, true, first]);
    assert.equal(it.numbers.list()[0].state, 'reconnecting');
    await it.timers.pass(first - 1);
    assert.equal(it.sockets.made.length, 2);
    await it.timers.pass(1);
    assert.equal(it.sockets.made.length, 3);
    it.socket.open();
    await it.heard('connected', 2);
  });
}

scenario('closed_AgainAndAgain_WaitsLongerAndOpensTheCircuit', async it => {
  await it.connect();
  const waits = [];
  for (let n = 0; n < 12; n += 1) {
    it.socket.drop(428);
    const closed = await it.heard('closed', n + 2);
    waits.push(closed.delayMs);
    assert.equal(closed.circuitOpen, n >= 10);
    await it.timers.pass(closed.delayMs);
  }
  assert.deepEqual(waits, [1, 2, 5, 10, 30, 60, 60, 60, 60, 60, 300, 300].map(s => s * 1_000));
});

scenario('closed_500FourTimes_StopsAndTheNextPairingIsFresh', async it => {
  await it.connect();
  for (let n = 0; n < 4; n += 1) {
    it.socket.drop(500);
    const closed = await it.heard('closed', n + 2);
    if (n < 3) await it.timers.pass(closed.delayMs);
    else assert.deepEqual([closed.reason, closed.reconnects], ['bad_session', false]);
  }
  await it.command('create', { sessionId: 'session_6_bbbb' });
  assert.equal(it.socket.options.auth.creds.account, undefined);
});

scenario('oldSocket_SpeaksAfterANewOneIsOpen_IsNotHeard', async it => {
  await it.connect();
  const old = it.socket;
  await it.command('restart');
  it.socket.open();
  await it.heard('connected', 2);
  const before = it.said.length;
  old.drop(401);
  old.qr();
  await it.command('stop');
  assert.deepEqual(it.said.slice(before).map(one => [one.action, one.reason]), [['closed', 'stopped']]);
  assert.equal(old.closed, true);
});

scenario('pairingCode_Asked_IsGivenInsteadOfTheQr', async it => {
  await it.command('create');
  it.socket.qr();
  await it.heard('qr_generated');
  await it.command('request_pairing_code');
  assert.equal(it.sockets.made.length, 2, 'a code needs a device name that WhatsApp knows: a new socket');
  assert.equal(it.socket.options.pairing, true);
  it.socket.qr();
  const code = await it.heard('pairing_code');
  assert.deepEqual([code.code, code.how.secret, it.socket.pairingFor], ['ABCD1234', true, '221771234567']);
  it.socket.qr();
  it.socket.scan();
  it.socket.drop(515);
  await eventually(() => it.sockets.made.length === 3);
  it.socket.open();
  await it.heard('connected');
  assert.equal(it.actions().filter(action => action === 'pairing_code').length, 1);
});

scenario('pairingCode_NeverTyped_TheNextTryHasCleanCredentials', async it => {
  await it.command('create');
  it.socket.options.auth.creds.me = { id: '221771234567@s.whatsapp.net', name: '~' };
  it.socket.listener.onCredentials();
  await it.numbers.pause();
  await it.crash();
  await it.numbers.resume();
  assert.equal(it.socket.options.auth.creds.me, undefined, 'logging in with it would be refused with 401');
});

scenario('stop_Connected_ClosesKeepsTheCredentialsAndSaysSo', async it => {
  await it.connect();
  const socket = it.socket;
  await it.command('stop');
  const closed = it.last('closed');
  assert.deepEqual([closed.code, closed.reason, closed.reconnects, closed.registered], [0, 'stopped', false, true]);
  assert.equal(socket.closed, true);
  assert.equal(socket.loggedOut, undefined);
  await it.crash();
  await it.numbers.resume();
  assert.equal(it.sockets.made.length, 2, 'it stays stopped');
  await it.command('restart', { sessionId: 'session_6_cccc' });
  assert.ok(it.socket.options.auth.creds.account);
});

scenario('stop_NumberThatIsNotHeld_IsAnsweredAllTheSame', async it => {
  await it.command('stop');
  assert.deepEqual(it.said.map(one => [one.action, one.code, one.reason]), [['closed', 0, 'stopped']]);
});

scenario('logout_Connected_UnlinksAndForgets', async it => {
  await it.connect();
  const socket = it.socket;
  await it.command('logout');
  const closed = it.last('closed');
  assert.deepEqual([closed.code, closed.reconnects, closed.registered, closed.told], [401, false, false, true]);
  assert.equal(socket.loggedOut, true);
  await it.command('create', { sessionId: 'session_6_dddd' });
  assert.equal(it.socket.options.auth.creds.account, undefined);
});

scenario('health_ConnectedSilentAndGone_SaysWhich', async it => {
  await it.command('create');
  assert.deepEqual(it.numbers.health(), [], 'what was never connected cannot be unwell');
  await it.connect({ sessionId: 'session_6_eeee' });
  assert.equal(it.numbers.health()[0].status, 'HEALTHY');
  it.socket.silence = 46_000;
  assert.deepEqual([it.numbers.health()[0].status, it.numbers.health()[0].reason], ['DEGRADED', 'silent']);
  it.socket.drop(428);
  await it.heard('closed', 2);
  assert.equal(it.numbers.health()[0].status, 'DISCONNECTED');
  assert.equal(typeof it.numbers.health()[0].phoneSeenAt, 'number');
});

scenario('logs_AWholeLife_HoldNoCodeNoTextNoPhoneNumber', async it => {
  await it.connect();
  it.socket.messages([{ key: { id: 'M1', remoteJid: '221770000001@s.whatsapp.net' }, message: { conversation: 'secret words' }, messageTimestamp: Math.floor(it.timers.now() / 1000) }]);
  await it.heard('message');
  const sending = it.command('send', { to: '+221770000002', text: 'other words', ref: 'r1' });
  await eventually(() => it.socket.sent.length);
  it.socket.ack(it.socket.sent[0].messageId);
  await sending;
  await it.heard('send_result');
  it.socket.drop(428, 'lost 221770000003 at 33612345678');
  await it.heard('closed', 2);
  const all = it.lines.join('\n');
  assert.ok(it.lines.length > 8);
  for (const secret of ['secret words', 'other words', '22177', '33612345678', 'base64', '2@ref', it.last('qr_generated').qrCode.slice(40, 80)]) assert.ok(!all.includes(secret), secret);
});
