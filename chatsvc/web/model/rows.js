/** The rows of a conversation: which of its items are in the page, and how they are grouped. */

import { isSameDay } from "./items.js";

/** @typedef {import("./items.js").Item} Item */
/** @typedef {import("./buffers.js").Stretch} Stretch */

/**
 * An item as a row: whether a new day, the unread items, or a group of one person's lines begin with it.
 * @typedef {{ordinal: number, item: Item, day: boolean, unread: boolean, first: boolean}} Row
 */

export const MOST_ROWS = 600; // in the page
export const STEP = 200; // rows by which the window moves
const CHUNK = 25; // rows that are drawn together
const GROUP = 5 * 60_000; // milliseconds between two lines of a group

/** The rows that are in the page: those of ordinals from `start` up to, without, `end`. */
export class Window {
    constructor() {
        this.start = 0;
        this.end = 0;
    }

    /**
     * Show the last rows.
     * @param {Stretch} shown
     */
    toEnd(shown) {
        this.end = shown.end;
        // Not exactly the last ones: each new row would remove one.
        const rows = this.end - this.start;
        if (this.start < shown.base || rows < STEP || rows >= STEP + 2 * CHUNK)
            this.start = Math.max(shown.base, Math.floor((this.end - STEP) / CHUNK) * CHUNK);
    }

    /**
     * Keep what is shown, as far as it exists.
     * @param {Stretch} shown
     */
    stay(shown) {
        this.start = Math.min(Math.max(this.start, shown.base), shown.end);
        this.end = Math.min(Math.max(this.end, this.start), shown.end);
        if (this.end === this.start) this.toEnd(shown);
    }

    /**
     * Show earlier rows, and as many fewer later ones; return whether there were any.
     * @param {Stretch} shown
     */
    up(shown) {
        if (this.start <= shown.base) return false;
        this.start = Math.max(shown.base, this.start - STEP);
        this.end = Math.min(this.end, this.start + MOST_ROWS);
        return true;
    }

    /**
     * Show later rows, and as many fewer earlier ones; return whether there were any.
     * @param {Stretch} shown
     */
    down(shown) {
        if (this.end >= shown.end) return false;
        this.end = Math.min(shown.end, this.end + STEP);
        this.start = Math.max(this.start, this.end - MOST_ROWS);
        return true;
    }

    /**
     * Show the rows around an ordinal.
     * @param {Stretch} shown
     * @param {number} ordinal
     */
    around(shown, ordinal) {
        if (ordinal >= this.start && ordinal < this.end) return;
        this.start = Math.max(shown.base, ordinal - STEP / 2);
        this.end = Math.min(shown.end, ordinal + STEP / 2);
    }
}

/**
 * Divide the ordinals from `start` up to `end` into parts whose borders do not depend on these.
 * @param {number} start
 * @param {number} end
 */
export function chunksOf(start, end) {
    const chunks = [];
    for (let key = Math.floor(start / CHUNK) * CHUNK; key < end; key += CHUNK)
        chunks.push({ key, start: Math.max(start, key), end: Math.min(end, key + CHUNK) });
    return chunks;
}

/**
 * Return the rows of a stretch from ordinal `start` up to `end`; the unread ones begin with `unread`.
 * @param {Stretch} shown
 * @param {number} start
 * @param {number} end
 * @param {number | null} unread
 * @returns {Row[]}
 */
export function rowsOf(shown, start, end, unread) {
    const rows = [];
    for (let ordinal = start; ordinal < end; ordinal++) {
        const item = shown.items[ordinal - shown.base];
        const before = shown.items[ordinal - shown.base - 1];
        const day = before === undefined || !isSameDay(before.time, item.time);
        const isNew = ordinal === unread;
        rows.push({ ordinal, item, day, unread: isNew, first: day || isNew || !continues(before, item) });
    }
    return rows;
}

/**
 * Return whether an item continues the group of the one before it.
 * @param {Item | undefined} before
 * @param {Item} item
 */
export function continues(before, item) {
    return before?.kind === "spoken" && item.kind === "spoken" && !item.action && !before.action
        && before.sender === item.sender && before.notice === item.notice && item.time - before.time < GROUP;
}
