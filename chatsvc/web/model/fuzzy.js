/** Finding names by a few of their letters. */

import { key } from "./text_rules.js";

/**
 * Return how well a text fits the letters of a query, which must occur in their order; -1: not at all.
 *
 * Letters that follow each other or begin a word count more, and shorter texts win.
 * @param {string} text
 * @param {string} query
 */
export function score(text, query) {
    const letters = key(text), wanted = key(query).replace(/\s+/g, "");
    let at = -1, points = 0;
    for (const letter of wanted) {
        const next = letters.indexOf(letter, at + 1);
        if (next < 0) return -1;
        points += next === at + 1 ? 4 : 1;
        if (next === 0 || !/[\p{L}\p{N}]/u.test(letters[next - 1])) points += 3;
        at = next + letter.length - 1;
    }
    return points + 1 / (1 + letters.length);
}

/**
 * Return the choices that fit, the best ones first; without a query all, in their order.
 * @template T
 * @param {T[]} choices
 * @param {(choice: T) => string} text
 * @param {string} query
 * @returns {T[]}
 */
export function ranked(choices, text, query) {
    if (!query.trim()) return choices;
    const scored = choices.map(choice => ({ choice, score: score(text(choice), query) }));
    return scored.filter(each => each.score >= 0).sort((one, other) => other.score - one.score).map(each => each.choice);
}

/**
 * Return a text in pieces, each with whether the words of a search found it.
 * @param {string} text
 * @param {string} query
 * @returns {{text: string, found: boolean}[]}
 */
export function pieces(text, query) {
    const words = [...query.matchAll(/(?<![\w:-])(?:"([^"]+)"|([^\s":]+)(?=\s|$))/g)].map(match => match[1] ?? match[2]).filter(word => !word.startsWith("-"));
    if (!words.length) return [{ text, found: false }];
    const pattern = words.map(word => word.replace(/\*$/, "").replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&")).filter(Boolean).join("|");
    if (!pattern) return [{ text, found: false }];
    return text.split(new RegExp(`(${pattern})`, "iu")).map((piece, at) => ({ text: piece, found: at % 2 === 1 })).filter(piece => piece.text);
}
