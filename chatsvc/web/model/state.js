/** What the page shows: rooms and conversations, their lines, and what is unread. No page. */

import { Buffer, SERVER, Stretch } from "./buffers.js";
import { note, spoken, waiting } from "./items.js";
import { key } from "./text_rules.js";

/** @typedef {import("./items.js").Event} Event */
/** @typedef {import("./items.js").Spoken} Spoken */

const MOST = 1000; // buffers; lines for further ones go to the server's own

/** Everything that is shown; `changed` is called when some of it changes. */
export class State {
    /** @param {() => void} changed */
    constructor(changed = () => {}) {
        /** @type {Map<string, Buffer>} */
        this.panes = new Map([[SERVER, new Buffer(SERVER)]]);
        this.here = SERVER;
        this.name = "";
        /** @type {string | null} */
        this.account = null;
        this.operator = false;
        this.chat = "";
        /** @type {string[]} words that count as a mention, like the user's name */
        this.highlights = [];
        /** @type {(pane: Buffer) => boolean} whether only mentions in a buffer count as unread */
        this.isQuiet = () => false;
        this.looking = true; // the page is visible and has the focus
        /** @type {(pane: Buffer, line: Spoken, seen: boolean) => void} a message of somebody else */
        this.whenNew = () => {};
        /** @type {(pane: Buffer) => void} */
        this.whenRead = () => {};
        this.whenSwitched = () => {}; // to another buffer, which is drawn later
        this.changed = changed;
        /** @type {typeof import("./sentences.js").lines | null} */
        this._lines = null;
        /** @type {(() => void)[]} events that wait for the words */
        this._unworded = [];
        this.whenWordless = () => {}; // an event needs the words, which are not loaded
        this.turns = 0;
        this.arrived = false; // whether we are in a room
    }

    /** The current buffer. */
    get pane() {
        return /** @type {Buffer} */ (this.panes.get(this.here));
    }

    /** The server's buffer. */
    get server() {
        return /** @type {Buffer} */ (this.panes.get(SERVER));
    }

    /** The number of messages that wait to be sent or answered. */
    get waiting() {
        return [...this.panes.values()].reduce((sum, pane) => sum + pane.waiting.length, 0);
    }

    /** The numbers of unread messages and of mentions in all buffers. */
    get unread() {
        const sums = { unread: 0, mentions: 0 };
        for (const pane of this.panes.values()) {
            sums.unread += this.isQuiet(pane) ? pane.mentions : pane.unread;
            sums.mentions += pane.mentions;
        }
        return sums;
    }

    /**
     * Return the buffer of a room or conversation; create it if necessary.
     * @param {string} name
     */
    open(name) {
        let pane = this.find(name);
        if (pane === undefined && this.panes.size >= MOST) return this.server;
        if (pane === undefined) {
            pane = new Buffer(name);
            pane.kept ||= pane.private && this.account !== null;
            this.panes.set(name, pane);
        }
        return pane;
    }

    /**
     * Return the buffer of a room or conversation, if there is one.
     * @param {string} name
     */
    find(name) {
        const pane = this.panes.get(name);
        if (pane !== undefined) return pane;
        return [...this.panes.values()].find(each => key(each.name) === key(name));
    }

    /**
     * Switch to another buffer; its unread items stay marked until the user switches again.
     * @param {string} name
     */
    select(name) {
        if (name !== this.here) this.pane.mark(null);
        this.here = this.open(name).name;
        this.whenSwitched();
        this.seen();
        return this.pane;
    }

    /**
     * Close a buffer.
     * @param {string} name
     */
    close(name) {
        if (name !== SERVER) this.panes.delete(name);
        if (this.here === name) this.here = /** @type {string} */ ([...this.panes.keys()].at(-1));
        this.changed();
    }

    /**
     * Mark a buffer as read, looking at it or not.
     * @param {Buffer} pane
     */
    markRead(pane) {
        pane.unread = pane.mentions = 0;
        this.readTo(pane, pane.present.last);
        pane.mark(null);
        this.changed();
    }

    /** Mark the current buffer as read, if the user is looking at it. */
    seen() {
        const pane = this.pane;
        if (this.sees(pane)) {
            pane.unread = pane.mentions = pane.missed = 0;
            this.readTo(pane, pane.present.last);
        }
        this.changed();
    }

    /**
     * Note whether the user is looking at the page.
     * @param {boolean} looking
     */
    look(looking) {
        this.looking = looking;
        if (looking) this.seen();
    }

    /**
     * Note whether the last line of a buffer is visible.
     * @param {Buffer} pane
     * @param {boolean} following
     */
    follow(pane, following) {
        if (pane.following === following) return;
        pane.following = following;
        if (following && pane === this.pane) this.seen();
        this.changed();
    }

    /** @param {Buffer} pane */
    sees(pane) {
        return pane === this.pane && this.looking && pane.following && pane.past === null;
    }

    /**
     * @param {Buffer} pane
     * @param {number} number
     */
    readTo(pane, number) {
        pane.read = Math.max(pane.read, number);
        if (pane.kept && pane.read > pane.marked) this.whenRead(pane);
    }

    /**
     * Show a notice in the given or the current buffer.
     * @param {string} text
     * @param {number} now
     * @param {string} [where]
     */
    note(text, now, wrong = false, where = this.here) {
        this.open(where).present.add(note(now, text, wrong));
        this.changed();
    }

    /**
     * Show a message as not stored yet, until it is `settled`.
     * @param {Buffer} pane
     * @param {string} text
     * @param {number} now
     */
    wait(pane, text, now, action = false) {
        const item = waiting(now, this.name, text, action);
        pane.waiting.push(item);
        this.changed();
        return item;
    }

    /**
     * Remove a waiting message: it is stored or refused.
     * @param {Buffer} pane
     * @param {Spoken} item
     */
    settled(pane, item) {
        pane.waiting = pane.waiting.filter(each => each !== item);
        this.changed();
    }

    // Events

    /**
     * Show an event without a display of its own in words.
     * @param {Event} event
     * @param {number} now
     * @param {Buffer} [where]
     */
    words(event, now, where) {
        const pane = where ?? (event.room && this.find(event.room)) ?? this.pane;
        if (this._lines === null) {
            this._unworded.push(() => this.words(event, now, pane));
            return this.whenWordless();
        }
        const notes = this._lines(event, pane.name).map(text => note(now, text));
        pane.present.add(...notes);
        if (pane.name === SERVER && !this.sees(pane)) pane.unread += notes.length;
    }

    /** Whether events wait for the words. */
    get needsWords() {
        return this._unworded.length > 0;
    }

    /**
     * Use the function that puts events into words, also for those that came before it was loaded.
     * @param {typeof import("./sentences.js").lines} lines
     */
    learnWords(lines) {
        this._lines = lines;
        for (const show of this._unworded.splice(0)) show();
        this.changed();
    }

    /** @param {Event} line */
    isMe(line) {
        if (this.account !== null) return line.account === this.account;
        return !line.account && line.from === this.name;
    }

    /**
     * Return whether a line contains the user's name or another highlighted word.
     * @param {string} text
     */
    mentionsMe(text) {
        const words = [this.name, ...this.highlights].filter(Boolean).map(word => escaped(key(word)));
        if (!words.length) return false;
        return new RegExp(`(?<![\\p{L}\\p{N}_])(?:${words.join("|")})(?![\\p{L}\\p{N}_])`, "u").test(key(text));
    }

    /**
     * Return who is typing in the current conversation.
     * @param {number} now
     */
    typing(now) {
        return [...this.pane.typing].filter(([, until]) => until > now).map(([name]) => name);
    }

    // Pages of history

    /**
     * Insert a page of history above what a buffer shows.
     * @param {Buffer} pane
     * @param {Event[]} said
     * @param {boolean} more
     */
    earlier(pane, said, more) {
        const first = pane.shown.first;
        const items = this._page(said.filter(line => !first || line.number < first));
        pane.putAbove(items, !(more && items.length)); // the same page would be returned
        pane.recount();
        this.seen();
    }

    /**
     * Append a page of history to the past.
     * @param {Buffer} pane
     * @param {Event[]} said
     * @param {boolean} more
     */
    later(pane, said, more) {
        const last = pane.shown.last;
        const items = this._page(said.filter(line => line.number > last));
        pane.putBelow(items, more && items.length > 0);
        this.changed();
    }

    /**
     * Show a page of the past around a line.
     * @param {Buffer} pane
     * @param {Event[]} said
     * @param {number} number
     */
    around(pane, said, number) {
        const items = this._page(said);
        pane.showPast(items, items.length > 0 && new Stretch(items).first === 1);
        this.show(pane, number);
    }

    /**
     * Scroll to a line.
     * @param {Buffer} pane
     * @param {number} number
     */
    show(pane, number) {
        pane.found = number;
        pane.seeking = true;
        pane.following = false;
        this.changed();
    }

    /** @param {Event[]} said */
    _page(said) {
        return said.map(line => spoken(line, this.isMe(line), this.mentionsMe(line.text)));
    }

    /** Go back to the present. */
    returnToPresent() {
        this.pane.showPresent();
        this.seen();
    }
}

/** @param {string} text */
function escaped(text) {
    return text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}
