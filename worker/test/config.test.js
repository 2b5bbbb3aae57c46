import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { ConfigError, readConfig } from '../src/config.js';
import { createLog, mask } from '../src/log.js';

const good = { WORKER_ID: '1', BROKER_URI: 'amqp://guest:guest@localhost:5672', WORKER_STORE_KEY: 'ab'.repeat(32) };
const problems = env => {
  try {
    readConfig(env);
    return [];
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.problems;
  }
};

test('readConfig_TheThreeThatAreNeeded_IsEnough', () => {
  const config = readConfig(good);
  assert.deepEqual([config.workerId, config.mode, config.healthMs, config.heartbeatMs, config.leaseMs, config.storeKey.length], ['1', 'routed', 30_000, 15_000, 75_000, 32]);
});

test('readConfig_Nothing_NamesAllThatIsMissing', () => {
  assert.deepEqual(problems({}).map(line => line.split(' ')[0]), ['WORKER_ID', 'BROKER_URI', 'WORKER_STORE_KEY']);
});

for (const [name, value] of [
  ['WORKER_ID', 'a.b'], ['WORKER_ID', 'x'.repeat(65)], ['WORKER_ID', 'a b'], ['BROKER_URI', 'http://host'], ['BROKER_URI', 'nonsense'], ['WORKER_MODE', 'fast'],
  ['WORKER_CAPACITY', '0'], ['WORKER_CAPACITY', 'many'], ['WORKER_HEALTH_SECONDS', '-1'], ['WORKER_STORE_KEY', 'short'], ['WORKER_WA_VERSION', '2.3000'],
  ['WORKER_LOG_LEVEL', 'loud'], ['WORKER_LEGACY_FOREIGN', 'eat'], ['WORKER_CHECK_RECIPIENTS', 'maybe'], ['WORKER_STORE_KEY_FILE', '/nowhere'],
]) {
  test(`readConfig_${name}=${value.slice(0, 12)}_IsRefusedByName`, () => {
    const lines = problems({ ...good, ...(name === 'WORKER_STORE_KEY_FILE' ? { WORKER_STORE_KEY: '' } : {}), [name]: value });
    assert.equal(lines.length, 1);
    assert.ok(lines[0].startsWith(name));
  });
}

test('readConfig_WrongKey_IsNotRepeated', () => assert.ok(!problems({ ...good, WORKER_STORE_KEY: 'my-secret-key' })[0].includes('my-secret')));

test('readConfig_KeyFromAFileOrBase64_IsTheSame', () => {
  const folder = mkdtempSync(join(tmpdir(), 'key-'));
  writeFileSync(join(folder, 'key'), `${Buffer.alloc(32, 0xab).toString('base64')}\n`);
  assert.deepEqual(readConfig({ ...good, WORKER_STORE_KEY: undefined, WORKER_STORE_KEY_FILE: join(folder, 'key') }).storeKey, readConfig(good).storeKey);
  assert.equal(problems({ ...good, WORKER_STORE_KEY_FILE: join(folder, 'key') }).length, 1);
  rmSync(folder, { recursive: true });
});

test('start_WrongSettings_SaysEachAndEndsWithTwo', () => {
  const run = spawnSync(process.execPath, ['src/main.js'], { cwd: join(import.meta.dirname, '..'), env: { PATH: process.env.PATH, WORKER_MODE: 'fast' }, encoding: 'utf8' });
  assert.equal(run.status, 2);
  assert.equal(run.stderr.trim().split('\n').length, 4);
  assert.equal(run.stdout, '');
});

test('log_UnknownField_IsRefused', () => assert.throws(() => createLog({ write() {} }).info('x', { text: 'hello' }), /no field "text"/));

test('log_IdWithManyDigits_StaysWhole_OneThatHoldsAPhoneNumberDoesNot', () => {
  const lines = [];
  const log = createLog({ write: line => lines.push(JSON.parse(line)) });
  log.info('x', { commandId: '386944a8bb794560801208fa2f', sessionId: 'session_6_+221771234567', numberId: 'session_6_221771234567' });
  assert.deepEqual([lines[0].commandId, lines[0].sessionId, lines[0].numberId], ['386944a8bb794560801208fa2f', 'session_6_…67', 'session_6_…67']);
});

test('mask_PhoneNumbers_AreHidden_IdsAreNot', () => {
  assert.equal(mask('session_6_+221771234567'), 'session_6_…67');
  assert.equal(mask('to 221771234567@s.whatsapp.net'), 'to …67@s.whatsapp.net');
  assert.equal(mask('session_6_2533b0aa'), 'session_6_2533b0aa');
});
