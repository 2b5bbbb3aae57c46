import { BufferJSON, initAuthCreds, proto } from 'baileys';

/**
 * The authentication state that Baileys asks for, over one encrypted map. A `keys.set` of many keys is one record, all or nothing; `lid-mapping` lies in the
 * same place, so a number keeps knowing who is behind a LID.
 * @param {import('./encryptedMap.js').EncryptedMap} map
 */
export function credentialsOver(map) {
  const read = key => {
    const json = map.get(key);
    return json === undefined ? undefined : JSON.parse(json, BufferJSON.reviver);
  };
  const write = value => JSON.stringify(value, BufferJSON.replacer);
  let creds = read('creds');
  // A pairing code puts `me` into the credentials before anybody has typed it. Logging in with that would be refused with 401, so an unfinished pairing begins anew.
  if (!creds || (creds.me && !creds.account)) creds = initAuthCreds();
  return {
    creds,
    keys: {
      get(type, ids) {
        const found = {};
        for (const id of ids) {
          const value = read(`${type}/${id}`);
          if (value === undefined) continue;
          found[id] = type === 'app-state-sync-key' ? proto.Message.AppStateSyncKeyData.fromObject(value) : value;
        }
        return found;
      },
      set(data) {
        const entries = [];
        for (const [type, values] of Object.entries(data)) {
          for (const [id, value] of Object.entries(values)) entries.push([`${type}/${id}`, value ? write(value) : undefined]);
        }
        return map.change(entries);
      },
    },
    /** A phone has accepted this device: it holds an account. `creds.me` alone does not say so. */
    get paired() { return Boolean(creds.account); },
    save: () => map.set('creds', write(creds)),
    close: () => map.close(),
  };
}
