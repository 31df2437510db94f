/** Messages that the server has not stored yet, in the browser's database, so that they survive a reload. */

import { key } from "../model/text_rules.js";

/**
 * A message as it is sent. Sent twice with the same tag and client, it is stored once.
 * @typedef {object} Message
 * @property {string} tag
 * @property {string} do
 * @property {Record<string, unknown>} arguments
 * @property {boolean} once the server does not recognize it when it is repeated
 * @property {string} pane
 * @property {string} text as it is shown
 * @property {string} typed as the user wrote it
 * @property {boolean} action
 * @property {number} time
 * @property {string} name of the sender
 * @property {boolean} guest
 */

/** A message in the database. @typedef {Message & {client: string, order: number, claimed?: number}} Kept */

const STORE = "unsent";
const CLAIM = 1000; // milliseconds for which no other tab may take over the messages of a tab; by then, the new owner answers for it
const KEPT = 7 * 24 * 3_600_000; // milliseconds for which messages of a tab that was closed are kept

/** The unsent messages of one tab, which its secret `client` identifies. */
export class Unsent {
    /** @param {IDBFactory | undefined} [factory] */
    constructor(factory) {
        /** Whether messages survive a reload. */
        this.works = factory !== undefined;
        this._client = "";
        this._order = 0;
        this._database = factory && opened(factory).catch(() => (this.works = false, undefined));
    }

    /**
     * Return what a tab had not sent before it was reloaded; from now on, keep its messages.
     * @param {string} client
     * @returns {Promise<Message[]>}
     */
    async of(client) {
        this._client = client;
        const all = await this._all();
        for (const { client: owner, tag, time } of all) if (time < Date.now() - KEPT) this._delete([owner, tag]);
        return all.filter(each => each.client === client).sort((one, other) => one.order - other.order);
    }

    /**
     * Return the secrets of other tabs that have messages, all of which are by a certain user.
     * @param {string} name
     * @param {boolean} guest
     */
    async others(name, guest) {
        const all = await this._all();
        const ours = (/** @type {Kept} */ each) => each.name !== undefined && key(each.name) === key(name) && each.guest === guest;
        const clients = [...new Set(all.map(each => each.client))].filter(client => client !== this._client);
        return clients.filter(client => all.every(each => each.client !== client || ours(each)));
    }

    /**
     * Return whether another tab has just taken over the messages of a tab.
     * @param {string} client
     */
    async isClaimed(client) {
        return (await this._all()).some(each => each.client === client && isRecent(each));
    }

    /**
     * Take over the messages of a tab; return false if another tab has just done so.
     * @param {string} client
     * @returns {Promise<boolean>}
     */
    async claim(client) {
        const database = await this._database;
        if (database === undefined) return false;
        try {
            const store = database.transaction(STORE, "readwrite").objectStore(STORE); // of all tabs, one at a time
            /** @type {Kept[]} */
            const all = (await result(store.getAll())).filter(each => each.client === client);
            if (!all.length || all.some(isRecent)) return false;
            for (const each of all) store.put({ ...each, claimed: Date.now() });
            return true;
        } catch {
            this.works = false;
            return false;
        }
    }

    /** @returns {Promise<Kept[]>} */
    async _all() {
        return await this._do("readonly", store => store.getAll()) ?? [];
    }

    /** @param {Message} message */
    add(message) {
        const order = this._order = Math.max(this._order + 1, Date.now());
        void this._do("readwrite", store => store.put({ ...message, client: this._client, order }));
    }

    /** @param {string} tag */
    remove(tag) {
        this._delete([this._client, tag]);
    }

    /** @param {string[]} key */
    _delete(key) {
        void this._do("readwrite", store => store.delete(key));
    }

    /**
     * Return the result of one request; nothing if the database does not work.
     * @param {IDBTransactionMode} mode
     * @param {(store: IDBObjectStore) => IDBRequest} act
     * @returns {Promise<any>}
     */
    async _do(mode, act) {
        const database = await this._database;
        if (database === undefined) return undefined;
        try {
            const transaction = database.transaction(STORE, mode);
            const request = act(transaction.objectStore(STORE));
            transaction.commit?.(); // also if the page is closed before the request has an answer
            return await result(request);
        } catch {
            this.works = false; // the disk is full, or the browser has closed the database
            return undefined;
        }
    }
}

/** @param {Kept} message */
function isRecent({ claimed = 0 }) {
    return claimed > Date.now() - CLAIM;
}

/** @param {IDBFactory} factory */
function opened(factory) {
    const request = factory.open("chatsvc", 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: ["client", "tag"] });
    return result(request);
}

/**
 * @template T
 * @param {IDBRequest<T>} request
 * @returns {Promise<T>}
 */
function result(request) {
    return new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
    });
}
