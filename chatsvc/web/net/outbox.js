/** Requests that wait to be sent or answered, in order. No connection. */

/** @typedef {import("../model/items.js").Event} Event */

/**
 * A request on its way; `resolve` or `reject` is called once, with what answers it.
 *
 * One that is `alone` is sent when all before it are answered, and delays all after it: a line
 * after `/join #tea` must not overtake it. A request with `once` is not repeated after a lost
 * connection, because the server would carry it out twice. One that is not `shown` has an answer
 * that is only for the program.
 *
 * @typedef {object} Outgoing
 * @property {string} do
 * @property {Record<string, unknown>} arguments
 * @property {string} tag
 * @property {boolean} alone
 * @property {boolean} once
 * @property {boolean} shown
 * @property {() => void} [whenSent] called before it is sent
 * @property {boolean} [held] not complete yet: it delays all after it
 * @property {(event: Event) => void} resolve
 * @property {(why: Error) => void} reject
 */

const LIMIT = 1000; // requests that may wait

/**
 * Return a request in the protocol's format.
 * @param {Outgoing} outgoing
 */
export function requestOf(outgoing) {
    return { do: outgoing.do, ...outgoing.arguments, tag: outgoing.tag };
}

/** Requests in the order in which they were made, until they are answered. */
export class Outbox {
    constructor() {
        this.window = 1; // maximum number of unanswered requests
        /** @type {Outgoing[]} */
        this._waiting = [];
        /** @type {Map<string, Outgoing>} */
        this._sent = new Map();
    }

    get size() {
        return this._waiting.length + this._sent.size;
    }

    /**
     * Append a request; return false if the queue is full.
     * @param {Outgoing} outgoing
     */
    put(outgoing) {
        if (this._waiting.length >= LIMIT) return false;
        this._waiting.push(outgoing);
        return true;
    }

    /** Return the requests that may be sent now, and mark them as sent. */
    ready() {
        const ready = [];
        while (this._waiting.length && this._maySend(this._waiting[0])) {
            const outgoing = /** @type {Outgoing} */ (this._waiting.shift());
            this._sent.set(outgoing.tag, outgoing);
            ready.push(outgoing);
        }
        return ready;
    }

    /** @param {Outgoing} outgoing */
    _maySend(outgoing) {
        const [oldest] = this._sent.values();
        if (outgoing.held) return false;
        return !oldest || (!outgoing.alone && !oldest.alone && this._sent.size < this.window);
    }

    /**
     * Return whether a request is sent again if it stays unanswered.
     * @param {string | undefined} tag
     */
    repeats(tag) {
        return tag !== undefined && this._sent.get(tag)?.once === false;
    }

    /**
     * Remove and return the request that an answer with `tag` belongs to.
     * @param {string | undefined} tag
     */
    answered(tag) {
        const outgoing = tag === undefined ? undefined : this._sent.get(tag);
        if (outgoing !== undefined) this._sent.delete(outgoing.tag);
        return outgoing;
    }

    /**
     * Put sent requests back at the front of the queue, in order, after a lost connection.
     * Return those that must not be sent twice; they may or may not have arrived.
     */
    takeBack() {
        const unanswered = [...this._sent.values()];
        this._sent.clear();
        this._waiting.unshift(...unanswered.filter(each => !each.once));
        return unanswered.filter(each => each.once);
    }

    /** Remove and return everything that was not answered. */
    empty() {
        const givenUp = [...this._sent.values(), ...this._waiting];
        this._sent.clear();
        this._waiting = [];
        return givenUp;
    }
}
