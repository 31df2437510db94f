/** What the page shows: rooms and conversations, their lines, and what is unread. No page. */

import { Buffer, SERVER, Stretch } from "./buffers.js";
import { note, spoken, waiting, whispered } from "./items.js";
import * as occupants from "./occupants.js";
import { key } from "./text_rules.js";

/** @typedef {import("./items.js").Event} Event */
/** @typedef {import("./items.js").Spoken} Spoken */

const MOST = 1000; // buffers; lines for further ones go to the server's own
const TYPING = 6000; // milliseconds for which a user counts as typing

/**
 * What the state does with each event that has a display of its own.
 * @type {Record<string, (state: State, event: Event, now: number, own: boolean) => void>}
 */
const APPLY = {
    said: (state, event, now, own) => state.said(event, own),
    told: (state, event, now) => state.told(event, now),
    welcome(state, event, now) {
        state.name = event.name;
        state.account = event.account ?? null;
        state.operator = event.operator ?? false;
        state.chat = event.chat;
        state.words(event, now, state.server);
    },
    you(state, event, now) {
        state.name = event.name;
        state.account = event.account ?? null;
        state.operator = event.operator ?? false;
        state.words(event, now);
    },
    entered: (state, event) => state.entered(event),
    exited: (state, event) => state.close(event.room),
    joined: (state, event, now) => state.came(event, now),
    left: (state, event, now) => state.went(event, now),
    renamed: (state, event, now) => state.renamed(event, now),
    away: (state, event, now) => state.away(event, now),
    role(state, event, now) {
        const pane = state.open(event.room);
        occupants.giveRole(pane, event);
        state.words(event, now, pane);
    },
    topic(state, event, now) {
        const pane = state.open(event.room);
        pane.topic = event.text ?? "";
        state.words(event, now, pane);
    },
    people(state, event) {
        const pane = event.room && state.find(event.room);
        if (pane) occupants.note(pane, event);
    },
    deleted: (state, event) => state.deleted(event),
    marked: (state, event) => state.marked(event),
    signal: (state, event, now) => state.signal(event, now),
    removed(state, event, now) {
        const pane = event.room && event.own ? state.open(event.room) : undefined;
        if (pane !== undefined) pane.inside = false;
        state.words(event, now, pane);
    },
    talking() {}, // the current buffer determines where lines go
    cleared: state => state.pane.clear(),
    refused: (state, event, now) => state.note(event.text, now, true),
    notice: (state, event, now, own) => state.words(event, now, own ? undefined : state.server),
    online: (state, event, now, own) => state.words(event, now, own ? undefined : state.server),
    offline: (state, event, now, own) => state.words(event, now, own ? undefined : state.server),
};

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
        this.changed = changed;
        /** @type {typeof import("./sentences.js").lines | null} */
        this._lines = null;
        /** @type {(() => void)[]} events that wait for the words */
        this._unworded = [];
        this._turns = 0;
        this._arrived = false; // whether we are in a room
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
        this._read(pane, pane.present.last);
        pane.mark(null);
        this.changed();
    }

    /** Mark the current buffer as read, if the user is looking at it. */
    seen() {
        const pane = this.pane;
        if (this._sees(pane)) {
            pane.unread = pane.mentions = pane.missed = 0;
            this._read(pane, pane.present.last);
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
    _sees(pane) {
        return pane === this.pane && this.looking && pane.following && pane.past === null;
    }

    /**
     * @param {Buffer} pane
     * @param {number} number
     */
    _read(pane, number) {
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
     * Update the state; `own` says that the event answers a request of this page.
     * @param {Event} event
     * @param {number} now
     */
    apply(event, now, own = false) {
        if (Object.hasOwn(APPLY, event.event)) APPLY[event.event](this, event, now, own);
        else this.words(event, now);
        this.changed();
    }

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
            return;
        }
        const notes = this._lines(event, pane.name).map(text => note(now, text));
        pane.present.add(...notes);
        if (pane.name === SERVER && !this._sees(pane)) pane.unread += notes.length;
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

    /**
     * @param {Event} line
     * @param {boolean} own
     */
    said(line, own) {
        const pane = this.open(line.room);
        const item = spoken(line, own || this._isMe(line), this.mentionsMe(line.text));
        pane.typing.delete(line.from);
        const member = pane.people.get(key(line.from));
        if (member !== undefined) member.spoke = ++this._turns;
        this._add(pane, item);
    }

    /** @param {Event} line */
    _isMe(line) {
        if (this.account !== null) return line.account === this.account;
        return !line.account && line.from === this.name;
    }

    /**
     * @param {Event} line
     * @param {number} now
     */
    told(line, now) {
        if (line.to.startsWith("@#")) {
            this.words(line, now, this.open(line.to.slice(1)));
            return;
        }
        const pane = this.open(line.room || `@${line.own ? line.to : line.from}`);
        pane.typing.delete(line.from);
        this._add(pane, whispered(line));
    }

    /**
     * @param {Buffer} pane
     * @param {Spoken} item
     */
    _add(pane, item) {
        if (item.number && item.number <= pane.present.last) return; // a page of history has brought it already
        const sees = this._sees(pane);
        pane.present.add(item);
        if (item.own) pane.mark(null);
        else if (pane.newAfter !== null && pane.new === null) pane.placeMark();
        if (sees || item.own) this._read(pane, item.number);
        else if (!item.number || item.number > pane.read) {
            this._isUnread(pane, item);
        }
        if (!item.own && (sees || !item.number || item.number > pane.read)) this.whenNew(pane, item, sees);
    }

    /**
     * @param {Buffer} pane
     * @param {Spoken} item
     */
    _isUnread(pane, item) {
        if (!pane.unread) {
            pane.mark(pane.present.end - 1);
            pane.newAfter = item.number ? pane.read : null;
        }
        pane.unread++;
        pane.mentions += Number(item.mention);
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

    // Rooms and people

    /** @param {Event} event */
    entered(event) {
        const pane = this.open(event.room);
        if (!pane.filled && !pane.present.last) this._begin(pane, event);
        pane.inside = true;
        pane.topic = event.topic ?? "";
        pane.read = Math.max(pane.read, event.read ?? 0);
        pane.marked = Math.max(pane.marked, event.read ?? 0);
        pane.missed = event.mentions ?? 0;
        const names = /** @type {string[]} */ ([...(event.names ?? []), event.name]);
        pane.people = new Map(names.map(name => [key(name), occupants.somebody(name)]));
        pane.company++;
        this.name = event.name;
        if (this.here === SERVER && !this._arrived) this.select(event.room);
        this._arrived = true;
    }

    /**
     * Set the unread mark of a joined room, from the account's or the guest's read position.
     * @param {Buffer} pane
     * @param {Event} event
     */
    _begin(pane, event) {
        pane.read = event.read ?? event.last - (event.new ?? 0);
        if (pane.read < event.last) pane.markAfter(pane.read);
    }

    /**
     * @param {Event} event
     * @param {number} now
     */
    came(event, now) {
        occupants.came(this.open(event.room), event, now);
        this._areHere(event.names, true, now);
    }

    /**
     * @param {Event} event
     * @param {number} now
     */
    went(event, now) {
        occupants.went(this.open(event.room), event, now);
        if (event.gone) this._areHere(event.names, false, now);
    }

    /**
     * Note that people with a private conversation have come online or gone offline.
     * @param {string[]} names
     * @param {boolean} here
     * @param {number} now
     */
    _areHere(names, here, now) {
        const written = new Map(names.map(name => [key(name), name]));
        for (const pane of this.panes.values()) {
            const name = pane.private ? written.get(key(pane.name.slice(1))) : undefined;
            if (name === undefined || pane.inside === here) continue;
            pane.inside = here;
            pane.typing.clear();
            pane.present.add(note(now, here ? `${name} is back.` : `${name} has left.`));
        }
    }

    /**
     * @param {Event} event
     * @param {number} now
     */
    renamed(event, now) {
        if (event.own) this.name = event.new;
        for (const pane of this.panes.values()) {
            const member = pane.people.get(key(event.old));
            if (member === undefined) continue;
            pane.people.delete(key(event.old));
            pane.people.set(key(event.new), { ...member, name: event.new });
            pane.company++;
            this.words(event, now, pane);
        }
        const private_ = this.find(`@${event.old}`);
        if (private_ === undefined) return;
        this.words(event, now, private_);
        if (!private_.kept && this.find(`@${event.new}`) === undefined) this._call(private_, `@${event.new}`);
    }

    /**
     * Continue a conversation under another name, in the same place.
     * @param {Buffer} pane
     * @param {string} name
     */
    _call(pane, name) {
        this.panes = new Map([...this.panes].map(([known, each]) => [each === pane ? name : known, each]));
        if (this.here === pane.name) this.here = name;
        pane.name = name;
    }

    /**
     * @param {Event} event
     * @param {number} now
     */
    away(event, now) {
        for (const pane of this.panes.values()) {
            const member = pane.people.get(key(event.name));
            if (member === undefined) continue;
            member.away = event.reason !== undefined;
            pane.company++;
        }
        if (event.written) this.words(event, now, this.find(`@${event.name}`));
        else if (event.own) this.words(event, now);
    }

    /** @param {Event} event */
    deleted(event) {
        const pane = this.find(event.room);
        for (const stretch of pane ? [pane.present, pane.past] : []) {
            const position = stretch?.find(event.number) ?? -1;
            if (stretch && position >= 0) {
                const item = /** @type {Spoken} */ (stretch.items[position]);
                stretch.items[position] = { ...item, text: "", deleted: event.by };
            }
        }
    }

    /**
     * Update a read position that was reported by another device.
     * @param {Event} event
     */
    marked(event) {
        const pane = this.find(event.room);
        if (pane === undefined) return;
        pane.marked = Math.max(pane.marked, event.number);
        if (event.number > pane.read) {
            pane.read = event.number;
            pane.missed = 0;
            pane.recount();
        }
    }

    /**
     * @param {Event} event
     * @param {number} now
     */
    signal(event, now) {
        const pane = this.find(event.to.startsWith("#") ? event.to : `@${event.from}`);
        if (pane === undefined || event.own || !event.signs?.typing) return;
        pane.typing.delete(event.from);
        if (event.signs.typing === "active") pane.typing.set(event.from, now + TYPING);
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
        return said.map(line => spoken(line, this._isMe(line), this.mentionsMe(line.text)));
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
