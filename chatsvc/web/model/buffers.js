/** Rooms and private conversations: lines, members, what is unread. */

/** @typedef {import("./items.js").Item} Item */
/** @typedef {import("./items.js").Spoken} Spoken */

export const MOST = 10_000; // items of one conversation in memory; others are loaded again
const SLACK = 500; // items beyond that, so that not every new line drops one
const KEPT = 500; // items of the present that are kept while the user reads far above it
export const SERVER = ""; // the buffer of messages that belong to no conversation

/**
 * A member of a room; the higher `spoke`, the later they spoke.
 * @typedef {{name: string, role: string, away: boolean, spoke: number}} Somebody
 */

/** Consecutive items without a gap, counted from the ordinal `base`. */
export class Stretch {
    /** @param {Item[]} [items] */
    constructor(items = [], base = 0) {
        this.items = items;
        this.base = base; // the ordinal of the first item; prepended ones have lower ordinals
        this.whole = false; // nothing earlier exists
    }

    /** The ordinal after the last item. */
    get end() {
        return this.base + this.items.length;
    }

    /** The number of the first numbered line; 0 if there is none. */
    get first() {
        return this.items.find(isNumbered)?.number ?? 0;
    }

    /** The number of the last numbered line; 0 if there is none. */
    get last() {
        return this.items.findLast(isNumbered)?.number ?? 0;
    }

    /** @param {...Item} items */
    add(...items) {
        for (const item of items) this.items.push(item);
        if (this.items.length > MOST + SLACK) this.forget(this.items.length - MOST);
    }

    /**
     * Drop items at the top; they can be loaded again.
     * @param {number} gone
     */
    forget(gone) {
        this.items.splice(0, gone);
        this.base += gone;
        this.whole = false;
    }

    /**
     * Insert earlier lines at the top.
     * @param {Item[]} earlier
     */
    prepend(earlier) {
        this.items = [...earlier, ...this.items];
        this.base -= earlier.length;
    }

    /**
     * Return the position of a line, -1 if it is not loaded.
     * @param {number} number
     */
    find(number) {
        return this.items.findLastIndex(item => isNumbered(item) && item.number === number);
    }
}

/**
 * A room, or (`@name`) a private conversation.
 *
 * It shows its `present`, to which new lines are added; or, after scrolling far up or jumping to a
 * line, a stretch of its `past`, below which lines may be missing. Scrolling down loads later lines
 * until both are one.
 */
export class Buffer {
    /** @param {string} name */
    constructor(name) {
        this.name = name;
        this.present = new Stretch();
        /** @type {Spoken[]} own messages that are not stored yet */
        this.waiting = [];
        /** @type {string[]} the input history */
        this.sent = [];
        /** @type {Stretch | null} */
        this.past = null;
        this.kept = name.startsWith("#"); // the server has earlier lines
        this.fetching = false;
        this.filled = false; // a page of earlier lines was requested
        this.following = true; // the last line is visible
        this.unread = 0;
        this.mentions = 0;
        this.missed = 0; // the number of mentions after the read position, as the server counted them on joining
        this.topic = "";
        /** @type {Map<string, Somebody>} */
        this.people = new Map();
        this.company = 0; // increases when `people` changes
        this.read = 0; // the read position
        this.marked = 0; // the read position that was reported to the server
        /** @type {number | null} the ordinal of the first unread item */
        this.new = null;
        /** @type {number | null} the number of the line before it */
        this.newAfter = null;
        /** @type {number | null} the number of a line that was jumped to */
        this.found = null;
        this.seeking = false; // that line must be scrolled to
        this.draft = "";
        /** @type {Map<string, number>} who is typing, and until when */
        this.typing = new Map();
        this.inside = true;
    }

    get private() {
        return this.name.startsWith("@");
    }

    /** The stretch on the screen. */
    get shown() {
        return this.past ?? this.present;
    }

    /** The items of the present. */
    get items() {
        return this.present.items;
    }

    // Unread items

    /**
     * Start the unread items at an item, or nowhere.
     * @param {number | null} ordinal
     */
    mark(ordinal) {
        this.new = ordinal;
        if (ordinal === null) this.newAfter = null;
    }

    /**
     * Start the unread items after a line that is here or yet to come.
     * @param {number} number
     */
    markAfter(number) {
        this.newAfter = number;
        this.placeMark();
    }

    /** Put the unread mark where it belongs among the lines that have been loaded. */
    placeMark() {
        const after = this.newAfter;
        if (after === null) return;
        let found = null;
        for (let position = this.items.length - 1; position >= 0; position--) {
            const item = this.items[position];
            if (!isNumbered(item)) continue;
            if (item.number <= after) break;
            if (!item.own) found = this.present.base + position;
        }
        if (found !== null) this.mark(found);
    }

    /** Count the unread items again, after the read position or the lines have changed. */
    recount() {
        this.unread = this.mentions = 0;
        const all = this.present.whole || this.present.first <= this.read + 1;
        for (let position = this.items.length - 1; position >= 0; position--) {
            const item = this.items[position];
            if (!isNumbered(item)) continue;
            if (item.number <= this.read) break;
            if (item.own) continue;
            this.unread++;
            this.mentions += Number(item.mention);
        }
        if (!all) this.mentions = Math.max(this.mentions, this.missed);
    }

    // Above and below what is shown

    /**
     * Insert earlier lines above what is shown; of too many, drop those below.
     * @param {Item[]} earlier
     * @param {boolean} whole
     */
    putAbove(earlier, whole) {
        const shown = this.shown;
        shown.prepend(earlier);
        shown.whole = whole;
        if (this.past === null) this.placeMark();
        if (shown.items.length > MOST + SLACK) this.#cutBelow(shown);
    }

    /** @param {Stretch} shown */
    #cutBelow(shown) {
        if (this.past === null) {
            const cut = shown.items.length - KEPT;
            this.present = new Stretch(shown.items.slice(cut), shown.base + cut);
            this.past = shown;
        }
        shown.items.length = MOST;
    }

    /**
     * Append later lines to the past, which may have reached the present now.
     * @param {Item[]} later
     * @param {boolean} more
     */
    putBelow(later, more) {
        const past = this.past;
        if (past === null) return;
        past.add(...later);
        if (!more || past.last >= this.present.first) this.#join(past);
    }

    /** @param {Stretch} past */
    #join(past) {
        const first = this.present.first;
        this.present.prepend(past.items.filter(item => !(first && isNumbered(item) && item.number >= first)));
        this.present.whole = past.whole;
        this.past = null;
        if (this.items.length > MOST + SLACK) this.present.forget(this.items.length - MOST);
    }

    /**
     * Show a page of the past.
     * @param {Item[]} items
     * @param {boolean} whole
     */
    showPast(items, whole) {
        this.past = new Stretch(items);
        this.past.whole = whole;
    }

    /** Hide everything so far. */
    clear() {
        this.showPresent();
        this.present.forget(this.items.length);
    }

    /** Go back to the last line. */
    showPresent() {
        this.past = this.found = null;
        this.following = true;
    }
}

/**
 * Return whether an item is a line that the server stores.
 * @param {Item} item
 * @returns {item is Spoken}
 */
export function isNumbered(item) {
    return item.kind === "spoken" && item.number > 0;
}

/**
 * Return the name of a buffer for people.
 * @param {Buffer} pane
 */
export function titleOf(pane) {
    if (pane.name === SERVER) return "Messages from the server";
    return pane.private ? pane.name.slice(1) : pane.name;
}
