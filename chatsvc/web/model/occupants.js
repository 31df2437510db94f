/** The members of a room, updated by joins and leaves. */

import { andThen, company, isSameDay, wordsOf } from "./items.js";
import { key } from "./text_rules.js";

/** @typedef {import("./buffers.js").Buffer} Buffer */
/** @typedef {import("./buffers.js").Somebody} Somebody */
/** @typedef {import("./items.js").Company} Company */
/** @typedef {import("./items.js").Event} Event */

/**
 * Return a member of a room.
 * @param {string} name
 * @returns {Somebody}
 */
export function somebody(name, role = "") {
    return { name, role, away: false, spoke: 0 };
}

/**
 * Add people who have joined.
 * @param {Buffer} pane
 * @param {Event} event
 * @param {number} now
 */
export function came(pane, event, now) {
    const names = /** @type {string[]} */ (event.names);
    names.forEach((name, position) => pane.people.set(key(name), somebody(name, event.roles?.[position] ?? "")));
    fold(pane, andThen(last(pane, now), { came: names }));
}

/**
 * Remove people who have left.
 * @param {Buffer} pane
 * @param {Event} event
 * @param {number} now
 */
export function went(pane, event, now) {
    remove(pane, event.names);
    fold(pane, andThen(last(pane, now), { went: event.names, words: event.words }));
}

/**
 * Remove people after a moderator removed them, without a row of their own.
 * @param {Buffer} pane
 * @param {string[]} names
 */
export function removed(pane, names) {
    remove(pane, names);
    pane.company++;
}

/**
 * @param {Buffer} pane
 * @param {string[]} names
 */
function remove(pane, names) {
    for (const name of names) {
        pane.people.delete(key(name));
        pane.typing.delete(name);
    }
}

/**
 * Return today's joins and leaves if they are the last item.
 * @param {Buffer} pane
 * @param {number} now
 * @returns {Company}
 */
function last(pane, now) {
    const item = pane.items.at(-1);
    return item?.kind === "company" && isSameDay(item.time, now) ? item : company(now);
}

/**
 * Merge joins and leaves into the last item if they follow each other.
 * @param {Buffer} pane
 * @param {Company} folded
 */
function fold(pane, folded) {
    pane.company++;
    const item = pane.items.at(-1);
    if (item?.kind === "company" && item.time === folded.time) pane.items[pane.items.length - 1] = folded;
    else if (wordsOf(folded)) pane.present.add(folded);
}

/**
 * Change a user's role.
 * @param {Buffer} pane
 * @param {Event} event
 */
export function giveRole(pane, event) {
    for (const [name, role] of [[event.instead, "moderator"], [event.name, event.role]]) {
        const member = pane.people.get(key(name ?? ""));
        if (member === undefined) continue;
        member.role = role;
        pane.company++;
    }
}

/**
 * Add some of the members, with their roles.
 * @param {Buffer} pane
 * @param {Event} event
 */
export function note(pane, event) {
    for (const person of event.people) {
        const member = pane.people.get(key(person.name)) ?? somebody(person.name);
        member.role = person.role ?? "";
        member.away = person.away !== undefined;
        pane.people.set(key(person.name), member);
    }
    pane.company++;
}
