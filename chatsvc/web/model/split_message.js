/** Splits long texts into messages that the server accepts, without losing lines. */

export const LONGEST = 4096; // bytes of UTF-8 in one text
export const LINES = 100; // lines in one text

/**
 * Split `text` between lines, and between words only where a line is too long.
 * @param {string} text
 * @returns {string[]}
 */
export function parts(text) {
    const done = [];
    /** @type {string[]} */
    let part = [];
    let size = 0;
    for (const line of text.split("\n").flatMap(shortLines)) {
        const more = bytes(line) + 1;
        if (part.length && (size + more > LONGEST + 1 || part.length === LINES)) {
            done.push(part.join("\n"));
            part = [];
            size = 0;
        }
        part.push(line);
        size += more;
    }
    return [...done, part.join("\n")];
}

/** @param {string} line */
function shortLines(line) {
    if (bytes(line) <= LONGEST) return [line];
    const pieces = [];
    let piece = "";
    for (const word of (line.match(/\s*\S+|\s+/g) ?? []).flatMap(shortWords)) {
        if (piece && bytes(piece) + bytes(word) > LONGEST) {
            pieces.push(piece);
            piece = word.trimStart();
        } else piece += word;
    }
    return [...pieces, piece];
}

/** @param {string} word */
function shortWords(word) {
    const pieces = [];
    let piece = "", size = 0;
    for (const character of word) {
        const more = bytes(character);
        if (size + more > LONGEST) {
            pieces.push(piece);
            piece = "";
            size = 0;
        }
        piece += character;
        size += more;
    }
    return [...pieces, piece];
}

/** @param {string} text */
function bytes(text) {
    return new TextEncoder().encode(text).length;
}
