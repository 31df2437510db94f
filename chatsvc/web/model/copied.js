/** Messages as text, for the clipboard. */

/** @typedef {import("./items.js").Spoken} Spoken */

/**
 * Return messages as `[14:02] <bob> text`, one below the other.
 * @param {Spoken[]} items
 */
export function copied(items) {
    return items.map(item => `[${time(item.time)}] ${words(item)}`).join("\n");
}

/** @param {Spoken} item */
function words({ sender, text, action, deleted }) {
    const said = deleted ? `(deleted by ${deleted})` : text;
    return action ? `* ${sender} ${said}` : `<${sender}> ${said}`;
}

/** @param {number} time */
function time(time) {
    const date = new Date(time);
    return [date.getHours(), date.getMinutes()].map(part => String(part).padStart(2, "0")).join(":");
}
