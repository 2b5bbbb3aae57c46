import assert from 'node:assert/strict';
import test from 'node:test';
import { backOff, decide } from '../src/reasons.js';

const middle = () => 0.5;
const paired = { paired: true, codeShown: false, attempt: 0 };

for (const [code, next, reason, more = {}] of [
  [515, 'restart', 'restart_required', { delayMs: 0 }],
  [401, 'stop', 'logged_out', { forget: true }],
  [419, 'stop', 'logged_out', { forget: true }],
  [411, 'stop', 'multidevice_mismatch', { forget: true }],
  [402, 'stop', 'banned', { forget: false }],
  [403, 'stop', 'banned', { forget: false }],
  [406, 'stop', 'banned', { forget: false }],
  [440, 'stop', 'replaced', { forget: false }],
  [405, 'stop', 'version_too_old', { forget: false }],
  [408, 'reconnect', 'connection_lost', { delayMs: 1_000 }],
  [428, 'reconnect', 'connection_closed', { delayMs: 1_000 }],
  [500, 'reconnect', 'bad_session', { delayMs: 1_000 }],
  [502, 'reconnect', 'service_unavailable', { delayMs: 10_000 }],
  [503, 'reconnect', 'service_unavailable', { delayMs: 10_000 }],
  [undefined, 'reconnect', 'unknown', { delayMs: 1_000 }],
  [599, 'reconnect', 'unknown', { delayMs: 1_000 }],
]) {
  test(`decide_${code}_${next}`, () => {
    const verdict = decide({ ...paired, code }, middle);
    assert.deepEqual({ next: verdict.next, reason: verdict.reason }, { next, reason });
    for (const [key, value] of Object.entries(more)) assert.equal(verdict[key], value, key);
  });
}

test('decide_408BeforeAnyScanAfterACode_StopsAsExhausted', () => {
  assert.equal(decide({ code: 408, paired: false, codeShown: true, attempt: 0 }).reason, 'qr_exhausted');
  assert.equal(decide({ code: 408, paired: false, codeShown: false, attempt: 0, message: 'QR refs attempts ended' }).next, 'stop');
});

test('decide_408BeforeAnyCode_Reconnects', () => assert.equal(decide({ code: 408, paired: false, codeShown: false, attempt: 0 }).next, 'reconnect'));

test('decide_500ForTheFourthTime_StopsAndDoesNotTrustTheCredentials', () => {
  assert.equal(decide({ ...paired, code: 500, attempt: 2 }).next, 'reconnect');
  const verdict = decide({ ...paired, code: 500, attempt: 3 });
  assert.deepEqual([verdict.next, verdict.freshNext, verdict.forget], ['stop', true, false]);
});

test('decide_500OfAWebSocketThatNeverOpened_SaysNothingAboutTheSession', () => {
  assert.equal(decide({ ...paired, code: 500, attempt: 9, message: 'WebSocket Error (unexpected)' }).next, 'reconnect');
});

test('decide_515OverAndOver_GetsSlower', () => {
  assert.equal(decide({ ...paired, code: 515, attempt: 4 }).next, 'restart');
  assert.equal(decide({ ...paired, code: 515, attempt: 5 }, middle).next, 'reconnect');
  assert.ok(decide({ ...paired, code: 515, attempt: 5 }, middle).delayMs >= 60_000);
});

test('backOff_Attempts_FollowTheTable', () => {
  assert.deepEqual([0, 1, 2, 3, 4, 5, 6, 9].map(attempt => backOff(attempt, middle)), [1_000, 2_000, 5_000, 10_000, 30_000, 60_000, 60_000, 60_000]);
  assert.equal(backOff(10, middle), 300_000);
  assert.equal(decide({ ...paired, code: 428, attempt: 9 }).circuitOpen, false);
  assert.equal(decide({ ...paired, code: 428, attempt: 10 }).circuitOpen, true);
});

test('backOff_Jitter_StaysWithinAQuarterAndSpreads', () => {
  const waits = Array.from({ length: 1_000 }, () => backOff(5));
  assert.ok(Math.min(...waits) >= 45_000 && Math.max(...waits) <= 75_000);
  assert.ok(Math.max(...waits) - Math.min(...waits) > 20_000);
});
