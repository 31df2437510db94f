/** Loads members and history for the current buffer, and reports read positions. */

import { apply } from "../model/events.js";
import { Refused } from "../net/failures.js";

/** @typedef {import("../model/buffers.js").Buffer} Buffer */
/** @typedef {import("../model/state.js").State} State */
/** @typedef {import("../net/connection.js").Clock} Clock */
/** @typedef {import("../net/connection.js").Connection} Connection */

const PAGE = 200; // lines of history fetched at once
const MARK_EVERY = 3000; // milliseconds between two reports about one room
const NOT_KEPT = ["no-account", "no-such-person", "no-such-room", "not-in-room"]; // no history

/** Loads what a buffer needs. */
export class HistoryLoader {
    /**
     * @param {Connection} connection
     * @param {State} state
     * @param {Clock} clock
     */
    constructor(connection, state, clock) {
        this._connection = connection;
        this._state = state;
        this._clock = clock;
        /** @type {Set<string>} buffers whose read position was sent recently */
        this._marking = new Set();
        state.whenRead = pane => this.mark(pane);
    }

    /**
     * Load the members of a room.
     * @param {string} room
     */
    askWho(room) {
        return this._try(async () => {
            /** @type {string | undefined} */
            let after;
            for (;;) {
                const page = await this._connection.ask("who", { room, ...(after && { after }) });
                apply(this._state, page, this._clock.now());
                const last = page.people.at(-1)?.name;
                if (!page.more || last === undefined || last === after) return;
                after = last;
            }
        });
    }

    /**
     * Set the server's current room to that of a buffer, for commands without a room.
     * @param {string} room
     */
    standIn(room) {
        return this._try(() => this._connection.ask("room", { name: room }));
    }

    /**
     * Load history for a buffer that was just joined, or is shown for the first time.
     * @param {Buffer} pane
     */
    fill(pane) {
        if (pane.filled) return;
        pane.filled = true;
        void this.fetchEarlier(pane);
    }

    /**
     * Load a page of earlier lines.
     * @param {Buffer} pane
     */
    async fetchEarlier(pane) {
        const shown = pane.shown;
        if (!pane.kept || pane.fetching || shown.whole) return;
        const page = await this._page(pane, shown.first ? { before: shown.first } : {});
        if (page !== undefined && pane.shown === shown) this._state.earlier(pane, page.lines, page.more ?? false);
    }

    /**
     * Load a page of later lines, below a stretch of the past.
     * @param {Buffer} pane
     */
    async fetchLater(pane) {
        const past = pane.past;
        if (past === null || pane.fetching) return;
        const page = await this._page(pane, { after: past.last, first: true });
        if (page !== undefined && pane.past === past) this._state.later(pane, page.lines, page.more ?? false);
    }

    /**
     * Load and show the lines around a line, or around a time; return whether there are any.
     * @param {Buffer} pane
     * @param {number | string} where
     */
    async jump(pane, where) {
        for (const stretch of typeof where === "number" ? [pane.present, pane.past] : []) {
            if (stretch === null || stretch.find(Number(where)) < 0) continue;
            pane.past = stretch === pane.past ? stretch : null;
            this._state.show(pane, Number(where));
            return true;
        }
        const page = await this._page(pane, { around: where });
        if (!page?.lines.length) return false;
        this._state.around(pane, page.lines, nearest(page.lines, where).number);
        return true;
    }

    /**
     * Return a page of history, if there is any; show that it is loading.
     * @param {Buffer} pane
     * @param {Record<string, unknown>} bounds
     */
    async _page(pane, bounds) {
        this._showFetching(pane, true);
        const page = await this._try(() => this._wholePage(pane, bounds), refused => {
            if (!NOT_KEPT.includes(refused.code)) return false;
            pane.kept &&= refused.code === "no-such-room";
            pane.shown.whole = true;
            return true;
        });
        this._showFetching(pane, false);
        return page;
    }

    /**
     * @param {Buffer} pane
     * @param {Record<string, unknown>} bounds
     */
    async _wholePage(pane, bounds) {
        const bound = "first" in bounds ? "after" : "before";
        for (;;) {
            const page = await this._connection.ask("history", { room: pane.name, n: PAGE, ...bounds });
            // A page without lines that has a `next`: all of them are hidden from us.
            if (page.lines.length || page.next === undefined || bounds[bound] === page.next)
                return page.lines.length ? page : { ...page, more: false };
            bounds = { ...bounds, [bound]: page.next };
        }
    }

    /**
     * @param {Buffer} pane
     * @param {boolean} fetching
     */
    _showFetching(pane, fetching) {
        pane.fetching = fetching;
        this._state.changed();
    }

    /**
     * Report the read position, now or after a pause since the last report.
     * @param {Buffer} pane
     */
    mark(pane) {
        if (this._marking.has(pane.name) || pane.read <= pane.marked || !this._connection.here) return;
        this._marking.add(pane.name);
        this._clock.setTimeout(() => this._markAgain(pane), MARK_EVERY);
        pane.marked = pane.read;
        void this._try(() => this._connection.ask("mark", { room: pane.name, number: pane.read }));
    }

    /** Report all read positions, because the page is about to be closed or reloaded. */
    markAll() {
        this._marking.clear();
        for (const pane of this._state.panes.values()) if (pane.kept && pane.inside) this.mark(pane);
    }

    /** @param {Buffer} pane */
    _markAgain(pane) {
        this._marking.delete(pane.name);
        if (this._state.find(pane.name) === pane && pane.inside) this.mark(pane); // the user may have left
    }

    /**
     * Do some work; show a refusal, unless it is `expected`.
     * @template T
     * @param {() => Promise<T>} work
     * @param {(refused: Refused) => boolean} [expected]
     * @returns {Promise<T | undefined>}
     */
    async _try(work, expected = () => false) {
        try {
            return await work();
        } catch (error) {
            if (error instanceof Refused && !expected(error)) this._state.note(error.message, this._clock.now(), true);
            return undefined;
        }
    }
}

/**
 * Return the first line from a number or time on; if there is none, the last one before it.
 * @param {import("../model/items.js").Event[]} lines
 * @param {number | string} where
 */
function nearest(lines, where) {
    const time = typeof where === "string" ? Date.parse(where) : 0;
    const found = lines.find(line => (typeof where === "number" ? line.number >= where : Date.parse(line.time) >= time));
    return found ?? lines[lines.length - 1];
}
