/** The items of a conversation as values: messages, notes, joins and leaves. Times are in milliseconds. */

import { clean } from "./text_rules.js";

/** An event of the server, as docs/protocol.md describes it. @typedef {{event: string, [field: string]: any}} Event */

/**
 * Something said; `number` is that of the line, 0 if it is not stored.
 * @typedef {object} Spoken
 * @property {"spoken"} kind
 * @property {number} time
 * @property {string} sender
 * @property {string} text
 * @property {number} number
 * @property {boolean} action
 * @property {boolean} notice
 * @property {boolean} own
 * @property {boolean} mention
 * @property {boolean} waiting not stored yet
 * @property {string} deleted who deleted it
 */

/** A notice of the server or of this page. @typedef {{kind: "note", time: number, text: string, wrong: boolean}} Note */

/**
 * Joins and leaves since the last line; with parting words only if one user left.
 * @typedef {{kind: "company", time: number, came: string[], went: string[], words: string}} Company
 */

/** @typedef {Spoken | Note | Company} Item */

const NAMED = 3;

/**
 * Return the item for a notice.
 * @param {number} time
 * @param {string} text
 * @returns {Note}
 */
export function note(time, text, wrong = false) {
    return { kind: "note", time, text, wrong };
}

/**
 * Return the item for a line of a room.
 * @param {Event} line
 * @param {boolean} own
 * @param {boolean} mention
 * @returns {Spoken}
 */
export function spoken(line, own, mention) {
    return {
        kind: "spoken", time: Date.parse(line.time), sender: clean(line.from), text: clean(line.text),
        number: line.number ?? 0, action: Boolean(line.action), notice: Boolean(line.notice), own,
        mention: mention && !own, waiting: false, deleted: line.deleted ?? "",
    };
}

/**
 * Return the item for a private message, which always counts as a mention.
 * @param {Event} line
 */
export function whispered(line) {
    return spoken(line, Boolean(line.own), true);
}

/**
 * Return the item for an own message that is not stored yet.
 * @param {number} time
 * @param {string} sender
 * @param {string} text
 * @param {boolean} action
 * @returns {Spoken}
 */
export function waiting(time, sender, text, action) {
    return {
        kind: "spoken", time, sender, text, number: 0, action, notice: false, own: true,
        mention: false, waiting: true, deleted: "",
    };
}

/**
 * Return joins and leaves, to be extended by `andThen`.
 * @param {number} time
 * @returns {Company}
 */
export function company(time) {
    return { kind: "company", time, came: [], went: [], words: "" };
}

/**
 * Add the next joins and leaves; omit users who did both.
 * @param {Company} before
 * @param {{came?: string[], went?: string[], words?: string}} next
 * @returns {Company}
 */
export function andThen(before, { came = [], went = [], words = "" }) {
    const stillGone = before.went.filter(name => !came.includes(name));
    const stillHere = before.came.filter(name => !went.includes(name));
    const nowHere = [...stillHere, ...came.filter(name => !before.went.includes(name))];
    const nowGone = [...stillGone, ...went.filter(name => !before.came.includes(name))];
    return { ...before, came: nowHere, went: nowGone, words: nowGone.length === 1 ? words : "" };
}

/**
 * Return joins and leaves in words; of many users only their number.
 * @param {Company} folded
 */
export function wordsOf({ came, went, words }) {
    const parting = words && ` (${words})`;
    return [who(came, "joined"), who(went, "left") + parting].filter(Boolean).join(", ");
}

/**
 * @param {string[]} names
 * @param {string} did
 */
function who(names, did) {
    if (!names.length) return "";
    return `${names.length <= NAMED ? names.join(", ") : names.length} ${did}`;
}

let day = { start: 0, end: 0 }; // of the last time asked about: most others are on that day too

/**
 * Return whether two times are on the same local day.
 * @param {number} time
 * @param {number} other
 */
export function isSameDay(time, other) {
    if (!isOn(day, time)) {
        const date = new Date(time);
        day = { start: date.setHours(0, 0, 0, 0), end: date.setDate(date.getDate() + 1) };
    }
    return isOn(day, other);
}

/**
 * @param {{start: number, end: number}} day
 * @param {number} time
 */
function isOn({ start, end }, time) {
    return time >= start && time < end;
}
