import assert from 'node:assert/strict';
import test from 'node:test';
import { rig } from './support/rig.js';

const scenario = (name, work, more) => test(name, async () => {
  const it = await rig(more);
  try { await work(it); } finally { await it.end(); }
});

scenario('create_SameCommandAgain_OpensNoSecondSocketAndSaysHowThingsStand', async it => {
  await it.command('create', {}, { id: 'c1', at: 1000 });
  it.socket.qr();
  await it.heard('qr_generated');
  await it.command('create', {}, { id: 'c1', at: 1000 });
  assert.equal(it.sockets.made.length, 1);
  assert.equal(it.actions().filter(action => action === 'qr_generated').length, 2, 'the code that is valid is told again');
});

scenario('create_AskedAgainForTheSameSession_IsAnsweredWithTheState', async it => {
  await it.connect();
  await it.command('create');
  assert.equal(it.sockets.made.length, 2);
  assert.equal(it.actions().filter(action => action === 'connected').length, 2);
});

scenario('create_AfterAnExpiredCode_TellsNoOldCode', async it => {
  await it.command('create');
  it.socket.qr();
  await it.heard('qr_generated');
  await it.timers.pass(61_000);
  await it.command('create');
  assert.equal(it.actions().filter(action => action === 'qr_generated').length, 1);
});

scenario('create_NewerSession_EndsTheOldSocketFirst', async it => {
  await it.connect();
  const old = it.socket;
  it.sockets.openSocket.onOpen = () => assert.equal(old.closed, true, 'never two sockets');
  await it.command('create', { sessionId: 'session_6_bbbb' });
  assert.equal(it.sockets.made.length, 3);
  assert.equal(it.last('starting').sessionId, 'session_6_bbbb');
  assert.ok(it.socket.options.auth.creds.account, 'the credentials stay: no scan');
});

scenario('create_OlderSession_IsRefusedAndTouchesNothing', async it => {
  const connect = it.connect({ sessionId: 'session_6_bbbb' }, { at: 2_000 });
  await connect;
  await it.command('create', { sessionId: 'session_6_aaaa' }, { id: 'late', at: 1_000 });
  const refused = it.last('refused');
  assert.deepEqual([refused.reason, refused.commandId, refused.refusedAction], ['stale_session', 'late', 'create']);
  assert.equal(it.sockets.made.length, 2);
  assert.equal(it.numbers.list()[0].sessionId, 'session_6_bbbb');
});

for (const action of ['stop', 'logout', 'restart']) {
  scenario(`${action}_OfAnOlderSession_IsRefused`, async it => {
    await it.connect({ sessionId: 'session_6_bbbb' }, { at: 2_000 });
    await it.command(action, { sessionId: 'session_6_aaaa' }, { at: 1_000 });
    assert.equal(it.last('refused').reason, 'stale_session');
    assert.equal(it.numbers.list()[0].state, 'connected');
    assert.equal(it.socket.closed, false);
  });
}

scenario('fence_OverARestartOfTheWorker_StillHolds', async it => {
  await it.connect({ sessionId: 'session_6_bbbb' }, { at: 2_000 });
  await it.command('stop', { sessionId: 'session_6_bbbb' }, { at: 3_000 });
  await it.crash();
  await it.command('create', { sessionId: 'session_6_aaaa' }, { at: 1_000 });
  assert.equal(it.last('refused').reason, 'stale_session');
  assert.equal(it.sockets.made.length, 2);
});

scenario('stop_SaidLaterUnderASessionThatNeverArrived_IsObeyed', async it => {
  await it.connect();
  await it.command('stop', { sessionId: 'session_6_zzzz' });
  assert.equal(it.socket.closed, true);
  assert.deepEqual(it.numbers.list(), []);
});

scenario('create_NoSeatLeft_IsRefusedAsFull', async it => {
  await it.command('create', { numberId: 1, sessionId: 's1' });
  await it.command('create', { numberId: 2, sessionId: 's2' });
  assert.equal(it.last('refused').reason, 'full');
  await it.command('stop', { numberId: 1, sessionId: 's1' });
  await it.command('create', { numberId: 2, sessionId: 's2' });
  assert.equal(it.sockets.made.length, 2);
}, { capacity: 1 });

scenario('restart_RedeliveredAfterACrash_IsNotDoneTwice', async it => {
  await it.connect();
  await it.command('restart', { sessionId: 'session_6_bbbb' }, { id: 'r1' });
  assert.equal(it.sockets.made.length, 3);
  await it.command('restart', { sessionId: 'session_6_bbbb' }, { id: 'r1' });
  assert.equal(it.sockets.made.length, 3);
  await it.crash();
  await it.command('restart', { sessionId: 'session_6_bbbb' }, { id: 'r1' });
  assert.equal(it.sockets.made.length, 3);
});

scenario('commands_ForOneNumberAtOnce_LeaveExactlyOneSocket', async it => {
  for (let round = 0; round < 50; round += 1) {
    await Promise.all([
      it.command('create', { sessionId: `a${round}` }), it.command('create', { sessionId: `b${round}` }), it.command('restart', { sessionId: `b${round}` }),
      it.command('create', { sessionId: `c${round}` }),
    ]);
    assert.equal(it.sockets.made.filter(socket => !socket.closed).length, 1, `round ${round}`);
    assert.equal(it.numbers.list()[0].sessionId, `c${round}`);
  }
});

scenario('resume_AfterACrash_ConnectsWithTheSameCredentials', async it => {
  await it.connect();
  const key = it.socket.options.auth.creds.noiseKey.public;
  await it.crash();
  assert.deepEqual(it.numbers.list().map(one => one.state), ['starting']);
  await it.numbers.resume();
  assert.deepEqual(Buffer.from(it.socket.options.auth.creds.noiseKey.public), Buffer.from(key));
  assert.ok(it.socket.options.auth.creds.account);
});

scenario('pause_LeaseOver_ClosesAllAndResumeOpensThemAgain', async it => {
  await it.connect();
  await it.command('create', { numberId: 7, sessionId: 'session_7_aaaa' });
  await it.numbers.pause();
  const [, ...open] = it.sockets.made;
  assert.deepEqual(open.map(socket => socket.closed), [true, true]);
  assert.deepEqual(it.numbers.list().map(one => one.state), ['closed', 'closed']);
  await it.numbers.resume();
  assert.deepEqual(it.sockets.made.slice(3).map(socket => socket.closed), [false, false]);
});

scenario('probe_Unknown_SaysDisconnected', async it => {
  await it.connect();
  await it.command('probe');
  assert.equal(it.last('health').status, 'HEALTHY');
  await it.command('probe', { numberId: 99, sessionId: 'x' });
  assert.equal(it.last('refused').reason, 'unknown_session');
});
