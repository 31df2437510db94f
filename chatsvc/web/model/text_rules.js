/** Comparing names, and counting things in words. */

/**
 * Return what all spellings of a name have in common.
 * @param {string} name
 */
export function key(name) {
    // The detour over upper case folds what lower case alone keeps apart: ß and ss, ς and σ.
    return name.normalize("NFKC").toUpperCase().toLowerCase().replaceAll("ς", "σ");
}

/**
 * Return a number with its noun: 1 line, 2 lines.
 * @param {number} count
 * @param {string} one
 * @param {string} [many] an irregular plural
 */
export function counted(count, one, many = `${one}s`) {
    return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}

/**
 * Return names as a phrase: `ann, bob and eve`.
 * @param {readonly string[]} names
 */
export function listing(names) {
    if (names.length < 2) return names[0] ?? "nobody";
    return `${names.slice(0, -1).join(", ")} and ${names[names.length - 1]}`;
}

/**
 * Return `text` without control characters and the characters that change its direction.
 * @param {string} text
 */
export function clean(text) {
    return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, "");
}
