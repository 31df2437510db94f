/** Finds the web addresses in a message, by the same rules as chatsvc/client/links.py. */

const LINK = /(?<![a-z0-9+])https?:\/\/[^\s<>"\x00-\x1f\x7f]+/gi;
const HOST = /^https?:\/\/(?:\[[0-9a-f:.]+\]|[\p{L}\p{N}_]|%[0-9a-f]{2})/iu;
const ENDS_ANYWHERE = "、。，．！？：；｡､“”„‟‚‛‘«»‹›";
const OPENING = "([{（［｛「『【〔〖〘《〈｢";
const CLOSING = ")]}）］｝」』】〕〗〙》〉｣";
const INVISIBLE = /^[\p{Z}\p{Cc}\p{Cf}\p{Cs}]$/u;
const TRAILING = /[.,;:!?'*_`|([{\u200c\u200d]$/;
const FOREIGN_PUNCTUATION = /[^\x00-\x7f]$/;

/**
 * Return `text` in pieces, each with whether it is a web address.
 * @param {string} text
 * @returns {{text: string, link: boolean}[]}
 */
export function pieces(text) {
    const found = [];
    let end = 0;
    for (const match of text.matchAll(LINK)) {
        if (match.index < end) continue;
        const link = trimmed(untilTheEnd(match[0]));
        if (!HOST.test(link)) continue;
        if (match.index > end) found.push({ text: text.slice(end, match.index), link: false });
        found.push({ text: link, link: true });
        end = match.index + link.length;
    }
    if (end < text.length) found.push({ text: text.slice(end), link: false });
    return found;
}

/**
 * Return `run` up to the first character that cannot be part of an address.
 * @param {string} run
 */
function untilTheEnd(run) {
    /** @type {string[]} */
    const open = [];
    let position = 0;
    for (const character of run) {
        if (ends(character)) return run.slice(0, position);
        if (OPENING.includes(character)) open.push(character);
        const closed = CLOSING.indexOf(character);
        if (closed >= 0) {
            const at = open.indexOf(OPENING[closed]);
            if (at < 0) return run.slice(0, position);
            open.splice(at, 1);
        }
        position += character.length;
    }
    return run;
}

/** @param {string} character */
function ends(character) {
    if (character <= "\x7f" || character === "\u200c" || character === "\u200d") return false;
    return INVISIBLE.test(character) || ENDS_ANYWHERE.includes(character);
}

/**
 * Return `link` without the punctuation of the surrounding sentence.
 * @param {string} link
 */
function trimmed(link) {
    while (TRAILING.test(link) || isForeignPunctuation(link)) link = link.slice(0, -1);
    return link;
}

/** @param {string} link */
function isForeignPunctuation(link) {
    return FOREIGN_PUNCTUATION.test(link) && /\p{P}$/u.test(link) && !CLOSING.includes(link.slice(-1));
}
