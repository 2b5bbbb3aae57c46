// A WhatsApp of one's own: the server's half of the Noise handshake, pairing, log-in and end-to-end encryption, written from what Baileys' half expects. It lets
// the real Baileys run without a network; how the real WhatsApp behaves beyond that it can not tell.

import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';
import {
  addTransactionCapability, Curve, decodeBinaryNode, encodeBinaryNode, hkdf, initAuthCreds, proto, sha256, unpadRandomMax16, WA_CERT_DETAILS,
  writeRandomPadMax16,
} from 'baileys';
// Not among what Baileys exports by name.
import { makeLibSignalRepository } from '../../node_modules/baileys/lib/Signal/libsignal.js';
import { PNG } from 'pngjs';
import readQr from 'jsqr';
import { WebSocketServer } from 'ws';

const MODE = 'Noise_XX_25519_AESGCM_SHA256\0\0\0\0';
const SERVER = 's.whatsapp.net';
const root = Curve.generateKeyPair();
// Baileys trusts one certificate authority; here it is this one.
WA_CERT_DETAILS.PUBLIC_KEY = Buffer.from(root.public);

const quiet = { level: 'silent', trace() {}, debug() {}, info() {}, warn() {}, error() {}, child() { return this; } };
const iv = counter => {
  const bytes = Buffer.alloc(12);
  bytes.writeUInt32BE(counter, 8);
  return bytes;
};
const seal = (key, counter, text, aad) => {
  const cipher = createCipheriv('aes-256-gcm', key, iv(counter)).setAAD(aad);
  return Buffer.concat([cipher.update(text), cipher.final(), cipher.getAuthTag()]);
};
const unseal = (key, counter, sealed, aad) => {
  const cipher = createDecipheriv('aes-256-gcm', key, iv(counter)).setAAD(aad).setAuthTag(sealed.subarray(-16));
  return Buffer.concat([cipher.update(sealed.subarray(0, -16)), cipher.final()]);
};

/** The answering half of Noise XX over one WebSocket. */
class Line {
  #bytes = Buffer.alloc(0); #state = 'intro'; #hash; #salt; #key; #counter = 0; #in; #out; #read = 0; #written = 0; #ephemeral = Curve.generateKeyPair(); #clientEphemeral;

  constructor(socket, heard) {
    this.socket = socket;
    this.heard = heard;
    this.#hash = this.#salt = this.#key = Buffer.from(MODE);
    let chain = Promise.resolve();
    socket.on('message', data => { chain = chain.then(() => this.#take(data)).catch(error => { this.failed = error; socket.close(); }); });
  }

  send(node) { this.#frame(seal(this.#out, this.#written++, encodeBinaryNode(node), Buffer.alloc(0))); }

  #mix(secret) {
    const key = Buffer.from(hkdf(Buffer.from(secret), 64, { salt: this.#salt, info: '' }));
    [this.#salt, this.#key, this.#counter] = [key.subarray(0, 32), key.subarray(32), 0];
  }

  #note(data) { this.#hash = sha256(Buffer.concat([this.#hash, data])); }

  #encrypt(text) {
    const sealed = seal(this.#key, this.#counter++, text, this.#hash);
    this.#note(sealed);
    return sealed;
  }

  #decrypt(sealed) {
    const text = unseal(this.#key, this.#counter++, Buffer.from(sealed), this.#hash);
    this.#note(sealed);
    return text;
  }

  #frame(data) {
    const head = Buffer.from([data.length >> 16, (data.length >> 8) & 255, data.length & 255]);
    this.socket.send(Buffer.concat([head, data]));
  }

  async #take(data) {
    this.#bytes = Buffer.concat([this.#bytes, data]);
    if (this.#state === 'intro') {
      if (this.#bytes.length < 4) return;
      this.#note(this.#bytes.subarray(0, 4));
      this.#bytes = this.#bytes.subarray(4);
      this.#state = 'hello';
    }
    while (this.#bytes.length >= 3) {
      const size = (this.#bytes[0] << 16) | (this.#bytes[1] << 8) | this.#bytes[2];
      if (this.#bytes.length < size + 3) return;
      const frame = this.#bytes.subarray(3, size + 3);
      this.#bytes = this.#bytes.subarray(size + 3);
      await this.#one(frame);
    }
  }

  async #one(frame) {
    if (this.#state === 'open') {
      await this.heard.node(this, await decodeBinaryNode(unseal(this.#in, this.#read++, frame, Buffer.alloc(0))));
    } else if (this.#state === 'hello') {
      const fixed = Curve.generateKeyPair();
      this.#clientEphemeral = proto.HandshakeMessage.decode(frame).clientHello.ephemeral;
      this.#note(this.#clientEphemeral);
      this.#note(this.#ephemeral.public);
      this.#mix(Curve.sharedKey(this.#ephemeral.private, this.#clientEphemeral));
      const sealedStatic = this.#encrypt(fixed.public);
      this.#mix(Curve.sharedKey(fixed.private, this.#clientEphemeral));
      const payload = this.#encrypt(certificate(fixed));
      this.#frame(Buffer.from(proto.HandshakeMessage.encode({ serverHello: { ephemeral: this.#ephemeral.public, static: sealedStatic, payload } }).finish()));
      this.#state = 'finish';
    } else {
      const { clientFinish } = proto.HandshakeMessage.decode(frame);
      const device = this.#decrypt(clientFinish.static);
      this.#mix(Curve.sharedKey(this.#ephemeral.private, device));
      const payload = proto.ClientPayload.decode(this.#decrypt(clientFinish.payload));
      const key = Buffer.from(hkdf(Buffer.alloc(0), 64, { salt: this.#salt, info: '' }));
      [this.#in, this.#out, this.#state] = [key.subarray(0, 32), key.subarray(32), 'open'];
      await this.heard.client(this, payload);
    }
  }
}

function certificate(fixed) {
  const middle = Curve.generateKeyPair();
  const details = key => proto.CertChain.NoiseCertificate.Details.encode({ serial: 1, issuerSerial: WA_CERT_DETAILS.SERIAL, key }).finish();
  const [leaf, intermediate] = [details(fixed.public), details(middle.public)];
  return Buffer.from(proto.CertChain.encode({
    leaf: { details: leaf, signature: Curve.sign(middle.private, leaf) }, intermediate: { details: intermediate, signature: Curve.sign(root.private, intermediate) },
  }).finish());
}

const child = (node, tag) => (Array.isArray(node?.content) ? node.content.find(one => one.tag === tag) : undefined);
const number = (value, bytes) => {
  const buffer = Buffer.alloc(bytes);
  buffer.writeUIntBE(value, 0, bytes);
  return buffer;
};

/** Somebody with WhatsApp on another phone: has keys, writes and reads, end to end encrypted. */
class Contact {
  read = [];
  constructor(phone, lid) {
    this.jid = `${phone}@${SERVER}`;
    this.lid = lid;
    this.creds = initAuthCreds();
    const kept = {};
    const keys = {
      get: (type, ids) => Object.fromEntries(ids.filter(id => kept[`${type}/${id}`] !== undefined).map(id => [id, kept[`${type}/${id}`]])),
      set: data => { for (const [type, values] of Object.entries(data)) for (const [id, value] of Object.entries(values)) kept[`${type}/${id}`] = value ?? undefined; },
    };
    this.signal = makeLibSignalRepository({ creds: this.creds, keys: addTransactionCapability(keys, quiet, { maxCommitRetries: 1, delayBetweenTriesMs: 1 }) }, quiet, async () => []);
  }

  /** What another device needs to write to this one. */
  bundle(jid) {
    const { signedPreKey, signedIdentityKey, registrationId } = this.creds;
    return {
      tag: 'user', attrs: { jid },
      content: [
        { tag: 'registration', attrs: {}, content: number(registrationId, 4) }, { tag: 'type', attrs: {}, content: Buffer.from([5]) },
        { tag: 'identity', attrs: {}, content: Buffer.from(signedIdentityKey.public) },
        {
          tag: 'skey', attrs: {},
          content: [
            { tag: 'id', attrs: {}, content: number(signedPreKey.keyId, 3) }, { tag: 'value', attrs: {}, content: Buffer.from(signedPreKey.keyPair.public) },
            { tag: 'signature', attrs: {}, content: Buffer.from(signedPreKey.signature) },
          ],
        },
      ],
    };
  }
}

/** Starts the server on a free port. One account, the phone that owns it, and its contacts. */
export async function startWhatsApp({ phone = '221771234567', lid = '999000111' } = {}) {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await new Promise(resolve => server.once('listening', resolve));
  const contacts = new Map();
  const self = {
    url: `ws://127.0.0.1:${server.address().port}/ws/chat`, lines: [], receipts: [], logins: 0, keysLeft: 3, asked: [], refs: 6, device: undefined,
    get line() { return self.lines.at(-1); },
    contact(number_, itsLid) {
      const contact = new Contact(number_, itsLid);
      contacts.set(contact.jid, contact);
      return contact;
    },

    /** The phone's camera: reads the picture and finishes the pairing with what is in it. */
    scan(dataUrl) {
      const png = PNG.sync.read(Buffer.from(dataUrl.split(',')[1], 'base64'));
      return self.scanRaw(readQr(new Uint8ClampedArray(png.data), png.width, png.height).data);
    },

    /** The same with what the picture says. */
    scanRaw(code) {
      const [ref, , identity, adv] = code.replace(/^https:\/\/wa\.me\/.*#/, '').split(',');
      const account = Curve.generateKeyPair();
      const details = proto.ADVDeviceIdentity.encode({ rawId: 1, timestamp: Math.floor(Date.now() / 1000), keyIndex: 1, deviceType: 0 }).finish();
      const signed = proto.ADVSignedDeviceIdentity.encode({
        details, accountSignatureKey: account.public, accountSignature: Curve.sign(account.private, Buffer.concat([Buffer.from([6, 0]), details, Buffer.from(identity, 'base64')])),
      }).finish();
      const hmac = createHmac('sha256', Buffer.from(adv, 'base64')).update(signed).digest();
      self.line.send({
        tag: 'iq', attrs: { from: SERVER, type: 'set', id: 'pair' },
        content: [{
          tag: 'pair-success', attrs: {},
          content: [
            { tag: 'device-identity', attrs: {}, content: Buffer.from(proto.ADVSignedDeviceIdentityHMAC.encode({ details: signed, hmac }).finish()) },
            { tag: 'device', attrs: { jid: `${phone}:7@${SERVER}`, lid: `${lid}:7@lid` } }, { tag: 'platform', attrs: { name: 'android' } },
          ],
        }],
      });
      return ref;
    },

    /** Ends the stream as WhatsApp does: with a code and, for some, a word. */
    streamError(code, inner = { tag: 'conflict', attrs: { type: 'test' } }) { self.line.send({ tag: 'stream:error', attrs: code ? { code: String(code) } : {}, content: [inner] }); },
    failure(reason) { self.line.send({ tag: 'failure', attrs: { reason: String(reason) } }); },
    cut() { self.line.socket.terminate(); },

    /** A contact writes. `offline`: it waited while the device was away. */
    async write(contact, text, { id = randomBytes(10).toString('hex').toUpperCase(), offline = false, from = contact.jid, attrs = {} } = {}) {
      if (!contact.knows) {
        const { eIdent, eSkeyId, eSkeyVal, eSkeySig, eRegid } = self.device;
        const five = key => Buffer.concat([Buffer.from([5]), key]);
        await contact.signal.injectE2ESession({
          jid: `${phone}:7@${SERVER}`,
          session: {
            registrationId: Buffer.from(eRegid).readUInt32BE(0), identityKey: five(Buffer.from(eIdent)),
            signedPreKey: { keyId: Buffer.from(eSkeyId).readUIntBE(0, 3), publicKey: five(Buffer.from(eSkeyVal)), signature: Buffer.from(eSkeySig) },
          },
        });
        contact.knows = true;
      }
      const plain = writeRandomPadMax16(proto.Message.encode({ conversation: text }).finish());
      const { type, ciphertext } = await contact.signal.encryptMessage({ jid: `${phone}:7@${SERVER}`, data: plain });
      self.line.send({
        tag: 'message', attrs: { id, from, type: 'text', t: String(Math.floor(Date.now() / 1000)), notify: 'Awa', ...(offline ? { offline: '0' } : {}), ...attrs },
        content: [{ tag: 'enc', attrs: { v: '2', type }, content: Buffer.from(ciphertext) }],
      });
      return id;
    },
    end: () => new Promise(resolve => {
      for (const client of server.clients) client.terminate();
      server.close(resolve);
    }),
  };

  const client = (line, payload) => {
    self.lines.push(line);
    if (payload.devicePairingData) {
      self.device = payload.devicePairingData;
      line.send({
        tag: 'iq', attrs: { from: SERVER, type: 'set', id: 'pd', xmlns: 'md' },
        content: [{ tag: 'pair-device', attrs: {}, content: Array.from({ length: self.refs }, (_, n) => ({ tag: 'ref', attrs: {}, content: Buffer.from(`2@ref${n}${randomBytes(40).toString('base64')}`) })) }],
      });
      return;
    }
    self.logins += 1;
    line.send({ tag: 'success', attrs: { t: String(Math.floor(Date.now() / 1000)), lid: `${lid}:7@lid`, props: '1' } });
    line.send({ tag: 'ib', attrs: { from: SERVER }, content: [{ tag: 'offline', attrs: { count: '0' } }] });
  };

  const node = async (line, { tag, attrs, content }) => {
    if (tag === 'receipt') self.receipts.push(attrs.id);
    if (tag === 'iq' && (attrs.type === 'get' || attrs.type === 'set')) {
      const inner = Array.isArray(content) ? content[0] : undefined;
      self.asked.push(`${attrs.xmlns}/${inner?.tag}`);
      line.send({ tag: 'iq', attrs: { id: attrs.id, from: SERVER, type: 'result' }, content: answerTo(attrs, inner) });
    } else if (tag === 'iq' && attrs.id === 'pair') {
      // The device has signed: the connection is closed, and that is how it should be.
      line.send({ tag: 'stream:error', attrs: { code: '515' } });
    } else if (tag === 'message') {
      const contact = [...contacts.values()].find(one => attrs.to === one.jid || attrs.to === `${one.lid}@lid`);
      const enc = child({ content }, 'enc') ?? child(child(child({ content }, 'participants'), 'to'), 'enc');
      if (contact && enc) {
        const plain = await contact.signal.decryptMessage({ jid: `${phone}:7@${SERVER}`, type: enc.attrs.type, ciphertext: enc.content });
        contact.read.push({ id: attrs.id, text: proto.Message.decode(unpadRandomMax16(plain)) });
      }
      self.messages = [...(self.messages ?? []), attrs];
      if (!self.silent) line.send({ tag: 'ack', attrs: { id: attrs.id, class: 'message', from: attrs.to, t: String(Math.floor(Date.now() / 1000)), ...(self.refuse ? { error: String(self.refuse) } : {}) } });
    }
  };

  const answerTo = ({ xmlns }, inner) => {
    if (xmlns === 'encrypt' && inner?.tag === 'count') return [{ tag: 'count', attrs: { value: String(self.keysLeft) } }];
    if (xmlns === 'encrypt' && inner?.tag === 'digest') return [{ tag: 'digest', attrs: {} }];
    if (xmlns === 'encrypt' && inner?.tag === 'key') {
      return [{ tag: 'list', attrs: {}, content: inner.content.map(({ attrs }) => [...contacts.values()].find(one => attrs.jid.split(/[:@]/)[0] === one.jid.split('@')[0] || attrs.jid.split(/[:@]/)[0] === one.lid)?.bundle(attrs.jid)).filter(Boolean) }];
    }
    if (xmlns === 'usync') {
      const users = child(inner, 'list').content.map(user => {
        const said = child(user, 'contact')?.content;
        const jid = user.attrs.jid ?? `${String(said).replace(/\D/g, '')}@${SERVER}`;
        const contact = contacts.get(jid) ?? [...contacts.values()].find(one => jid === `${one.lid}@lid`);
        return {
          tag: 'user', attrs: { jid },
          content: [
            { tag: 'contact', attrs: { type: contact ? 'in' : 'out' } },
            { tag: 'devices', attrs: {}, content: [{ tag: 'device-list', attrs: {}, content: contact ? [{ tag: 'device', attrs: { id: '0' } }] : [] }] },
            ...(contact?.lid ? [{ tag: 'lid', attrs: { val: `${contact.lid}@lid` } }] : []),
          ],
        };
      });
      return [{ tag: 'usync', attrs: {}, content: [{ tag: 'list', attrs: {}, content: users }] }];
    }
    return undefined;
  };

  server.on('connection', socket => { socket.on('error', () => {}); new Line(socket, { client, node }); });
  return self;
}
