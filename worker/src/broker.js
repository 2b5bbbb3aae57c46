import amqplib from 'amqplib';
import { backOff } from './reasons.js';

const CHANNEL_AGAIN_MS = 2_000;
const HANDLE_AGAIN_MS = 1_000;

export class NotPublishedError extends Error {
  /** @param {'down'|'unroutable'|'refused'} why */
  constructor(why) {
    super(`not published: ${why}`);
    this.name = 'NotPublishedError';
    this.why = why;
  }
}

/**
 * The connection to RabbitMQ: one channel for publishing with confirms, one for consuming, both made anew whenever they or the connection die. It declares
 * nothing but what `declare` is given for (a legacy worker declares its own queues; everything else is declared by Dispatch).
 */
export class Broker {
  #connection; #publisher; #consumer; #consumption; #closing = false; #attempt = 0; #returned = new Set(); #cancelWait;
  #up = []; #down = [];

  constructor({ uri, name, log, timers, random = Math.random, connect = amqplib.connect }) {
    Object.assign(this, { name, log, timers, random, connect });
    const address = new URL(uri);
    // The server suggests 60 s; half a minute without a broker has to be noticed well within a lease.
    if (!address.searchParams.has('heartbeat')) address.searchParams.set('heartbeat', '15');
    this.uri = address.href;
  }

  get isUp() { return Boolean(this.#publisher); }

  onUp(work) { this.#up.push(work); }

  onDown(work) { this.#down.push(work); }

  start() { void this.#run(); }

  /**
   * Publishes and waits for the confirm.
   * @param {{ exchange: string, routingKey: string, content: Buffer, properties: object }} envelope
   * @throws {NotPublishedError} The broker may have it all the same when the connection broke.
   */
  publish({ exchange, routingKey, content, properties }) {
    const channel = this.#publisher;
    if (!channel) return Promise.reject(new NotPublishedError('down'));
    return new Promise((confirmed, failed) => {
      try {
        channel.publish(exchange, routingKey, content, properties, error => {
          // A message that no queue wanted is returned first and confirmed afterwards.
          if (this.#returned.delete(properties.messageId)) failed(new NotPublishedError('unroutable'));
          else if (error) failed(new NotPublishedError(this.#publisher === channel ? 'refused' : 'down'));
          else confirmed();
        });
      } catch {
        failed(new NotPublishedError('down'));
      }
    });
  }

  /**
   * Takes from one queue from now on, over every reconnection.
   * @param {{ queue: string, prefetch: number, declare?: (channel: any) => Promise<void>, begun: (waiting: number) => void, handle: (message: any) => Promise<'ack'|'reject'|'return'> }} consumption
   */
  async consume(consumption) {
    this.#consumption = consumption;
    if (this.#connection) await this.#openConsumer(this.#connection);
  }

  /** No more deliveries; what was delivered can still be settled. */
  async stopConsuming() {
    this.#consumption = undefined;
    const { channel, tag } = this.#consumer ?? {};
    await channel?.cancel(tag).catch(() => {});
  }

  async close() {
    this.#closing = true;
    this.#cancelWait?.();
    await this.#connection?.close().catch(() => {});
  }

  async #run() {
    while (!this.#closing) {
      try {
        await this.#connectOnce();
      } catch (error) {
        this.log.warn('broker_unreachable', { error, attempt: this.#attempt + 1 });
      }
      this.#isDown();
      if (this.#closing) return;
      const wait = Math.min(backOff(Math.min(this.#attempt, 9), this.random), 15_000);
      this.#attempt += 1;
      await new Promise(resolve => {
        const cancel = this.timers.after(wait, resolve);
        this.#cancelWait = () => { cancel(); resolve(); };
      });
    }
  }

  /** Returns when the connection is gone. */
  async #connectOnce() {
    const connection = await this.connect(this.uri, { timeout: 10_000, noDelay: true, clientProperties: { connection_name: this.name } });
    const closed = new Promise(resolve => connection.once('close', resolve));
    connection.on('error', error => this.log.warn('broker_connection_broke', { error }));
    if (this.#closing) {
      await connection.close();
      return;
    }
    this.#connection = connection;
    try {
      await this.#openPublisher(connection);
      if (this.#consumption) await this.#openConsumer(connection);
    } catch (error) {
      await connection.close().catch(() => {});
      throw error;
    }
    this.#attempt = 0;
    this.log.info('broker_connected');
    for (const work of this.#up) work();
    await closed;
  }

  async #openPublisher(connection) {
    const channel = await connection.createConfirmChannel();
    channel.on('return', message => this.#returned.add(message.properties.messageId));
    channel.on('error', error => this.log.warn('broker_channel_broke', { error }));
    channel.on('close', () => {
      if (this.#publisher !== channel) return;
      this.#publisher = undefined;
      this.#returned.clear();
      // The exchange may not be there yet: publishing to it closes the channel and nothing else.
      if (this.#connection === connection && !this.#closing) this.timers.after(CHANNEL_AGAIN_MS, () => this.#reopenPublisher(connection));
    });
    this.#publisher = channel;
  }

  async #reopenPublisher(connection) {
    if (this.#connection !== connection || this.#closing) return;
    try {
      await this.#openPublisher(connection);
      for (const work of this.#up) work();
    } catch (error) {
      this.log.warn('broker_channel_broke', { error });
    }
  }

  async #openConsumer(connection) {
    const consumption = this.#consumption;
    if (!consumption || this.#connection !== connection || this.#closing) return;
    const again = () => this.timers.after(CHANNEL_AGAIN_MS, () => this.#openConsumer(connection));
    let channel;
    try {
      channel = await connection.createChannel();
    } catch {
      return;
    }
    let open = true;
    channel.on('error', error => this.log.warn(error.code === 404 ? 'queue_missing' : 'broker_channel_broke', { error, queue: consumption.queue }));
    channel.on('close', () => {
      open = false;
      if (this.#consumer?.channel === channel) this.#consumer = undefined;
      if (this.#consumption && this.#connection === connection && !this.#closing) again();
    });
    try {
      await channel.prefetch(consumption.prefetch);
      await consumption.declare?.(channel);
      const { messageCount } = await channel.checkQueue(consumption.queue);
      const { consumerTag } = await channel.consume(consumption.queue, message => {
        // The queue was deleted.
        if (!message) void channel.close().catch(() => {});
        else void this.#deliver(channel, () => open, consumption, message);
      });
      this.#consumer = { channel, tag: consumerTag };
      this.log.info('consuming', { queue: consumption.queue, waiting: messageCount });
      consumption.begun(messageCount);
    } catch {
      // Said by the channel's own events; its closing leads to the next try.
    }
  }

  async #deliver(channel, isOpen, consumption, message) {
    let verdict;
    try {
      verdict = await consumption.handle(message);
    } catch (error) {
      this.log.error('command_failed', { error, messageId: message.properties.messageId });
      await new Promise(resolve => this.timers.after(HANDLE_AGAIN_MS, resolve));
      verdict = 'return';
    }
    // On a channel that is gone nothing can be settled: the broker delivers it again.
    if (!isOpen()) return;
    if (verdict === 'ack') channel.ack(message);
    else channel.nack(message, false, verdict === 'return');
  }

  #isDown() {
    if (!this.#connection) return;
    this.#connection = undefined;
    this.#publisher = undefined;
    this.#consumer = undefined;
    this.#returned.clear();
    for (const work of this.#down) work();
  }
}
