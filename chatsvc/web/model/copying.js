/** Messages as text: `[14:02] <bob> hello`. */

import { wordsOf } from "./items.js";

/** @typedef {import("./items.js").Item} Item */

/**
 * Return an item as it is copied.
 * @param {Item} item
 */
export function copied(item) {
    const time = `[${clock(item.time)}]`;
    if (item.kind === "company") return `${time} * ${wordsOf(item)}`;
    if (item.kind === "note") return `${time} * ${item.text}`;
    const text = item.deleted ? `(deleted by ${item.deleted})` : item.text;
    return `${time} ${item.action ? `* ${item.sender}` : `<${item.sender}>`} ${text}`;
}

/** @param {number} time */
function clock(time) {
    const date = new Date(time);
    return [date.getHours(), date.getMinutes()].map(part => String(part).padStart(2, "0")).join(":");
}
