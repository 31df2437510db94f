/** A fixed colour for each name. */

import { key } from "./text_rules.js";

const HUES = 24;

/**
 * Return the hue of a name in degrees: always the same. The style sheet makes it readable.
 * @param {string} name
 */
export function hueOf(name) {
    let hash = 2166136261; // FNV-1a
    for (const character of key(name)) hash = Math.imul(hash ^ /** @type {number} */ (character.codePointAt(0)), 16777619);
    return ((hash >>> 0) % HUES) * (360 / HUES);
}
