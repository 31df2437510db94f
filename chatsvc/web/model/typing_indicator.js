/** Tells others that the user is typing (IRCv3 "typing"): rarely, and not to crowds. */

import { SERVER } from "./buffers.js";

/** @typedef {import("./buffers.js").Buffer} Buffer */

const EVERY = 3000; // milliseconds
const CROWD = 50; // people

/** Decides when to send typing notices for the current conversation. */
export class TypingIndicator {
    /** @param {(how: string, pane: Buffer) => void} send */
    constructor(send) {
        this.wanted = true; // a preference
        this._send = send;
        /** @type {Buffer | null} where the user is typing */
        this._pane = null;
        this._told = 0; // the time of the last notice
        this._typed = 0; // the time of the last change
    }

    /**
     * Note that the draft has changed to this text.
     * @param {string} text
     * @param {Buffer} pane
     * @param {number} now
     */
    typed(text, pane, now) {
        if (pane !== this._pane) this._stop("done");
        if (!text || (text.startsWith("/") && !text.startsWith("//"))) this._stop("done");
        else if (this.wanted && pane.name !== SERVER && pane.inside && pane.people.size <= CROWD) this._goOn(pane, now);
    }

    /** Note that the text was sent, which implies that typing has stopped. */
    sent() {
        this._pane = null;
    }

    /**
     * Note that time has passed; call this once a second or so.
     * @param {number} now
     */
    tick(now) {
        if (this._pane !== null && now - this._typed >= EVERY) this._stop("paused");
    }

    /**
     * @param {Buffer} pane
     * @param {number} now
     */
    _goOn(pane, now) {
        this._typed = now;
        if (pane === this._pane && now - this._told < EVERY) return;
        this._pane = pane;
        this._told = now;
        this._send("active", pane);
    }

    /** @param {string} how */
    _stop(how) {
        const pane = this._pane;
        this._pane = null;
        if (pane !== null) this._send(how, pane);
    }
}
