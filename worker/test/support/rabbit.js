import { spawn, execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from './time.js';

const SERVER = '/usr/lib/rabbitmq/bin/rabbitmq-server';

/** Why the tests with a broker cannot run here; undefined: they can. */
export const missing = existsSync(SERVER) ? undefined : 'rabbitmq-server is not installed';

/** True where nothing may be skipped. */
export const required = process.env.DISPATCH_TEST_SERVERS === 'required';

const freePort = () => new Promise((resolve, reject) => {
  const server = createServer();
  server.once('error', reject);
  server.listen(0, '127.0.0.1', () => {
    const { port } = server.address();
    server.close(() => resolve(port));
  });
});

const isOpen = port => new Promise(resolve => {
  const socket = connect(port, '127.0.0.1', () => { socket.destroy(); resolve(true); });
  socket.once('error', () => resolve(false));
});

/** A RabbitMQ of one's own: its own ports, its own epmd, its own folder; nothing else on the machine is touched. */
export async function startRabbit() {
  const folder = await mkdtemp(join(tmpdir(), 'rabbit-'));
  const [port, dist, epmd] = [await freePort(), await freePort(), await freePort()];
  for (const name of ['home', 'mnesia', 'log']) await mkdir(join(folder, name));
  await writeFile(join(folder, 'enabled_plugins'), '[].\n');
  await writeFile(join(folder, 'rabbitmq.conf'), 'log.console = false\ndisk_free_limit.absolute = 50MB\n');
  const env = {
    PATH: process.env.PATH, HOME: join(folder, 'home'), ERL_EPMD_PORT: String(epmd), ERL_EPMD_ADDRESS: '127.0.0.1', RABBITMQ_NODENAME: `worker${port}@localhost`,
    RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1', RABBITMQ_NODE_PORT: String(port), RABBITMQ_DIST_PORT: String(dist), RABBITMQ_MNESIA_BASE: join(folder, 'mnesia'),
    RABBITMQ_LOG_BASE: join(folder, 'log'), RABBITMQ_PID_FILE: join(folder, 'pid'), RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'enabled_plugins'),
    RABBITMQ_CONFIG_FILE: join(folder, 'rabbitmq'), RABBITMQ_CONF_ENV_FILE: '/dev/null',
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '+S 2:2 -kernel inet_dist_use_interface {127,0,0,1}',
  };
  let process_;
  const self = {
    uri: `amqp://guest:guest@127.0.0.1:${port}`,
    async start() {
      process_ = spawn(SERVER, { env, stdio: 'ignore' });
      await eventually(() => isOpen(port), 'RabbitMQ', 90_000);
    },
    async stop() {
      const gone = new Promise(resolve => process_.once('exit', resolve));
      const pid = Number(await readFile(join(folder, 'pid'), 'utf8').catch(() => 0));
      if (pid) process.kill(pid, 'SIGTERM');
      else process_.kill('SIGTERM');
      await gone;
      await eventually(async () => !(await isOpen(port)), 'the end of RabbitMQ', 30_000);
    },
    async end() {
      await self.stop();
      // epmd outlives the node; it says so itself which one it is.
      try {
        execFileSync('epmd', ['-port', String(epmd), '-kill'], { env, stdio: 'ignore' });
      } catch { /* gone already, or elsewhere in the path */ }
      await rm(folder, { recursive: true, force: true });
    },
  };
  await self.start();
  return self;
}
