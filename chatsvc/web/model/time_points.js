/** Points in a conversation as users write them: the number of a message, a day, a time, or how long ago. */

const AGO = /^(?:\d+[smhdw])+$/i;
const MOMENT = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?))?$/;
const CLOCK = /^\d\d?:\d\d$/;
/** @type {Record<string, number>} */
const UNITS = { s: 1e3, m: 6e4, h: 36e5, d: 864e5, w: 6048e5 };

export const WRITTEN = "a number (17), a time (14:02), a day (2026-11-21), both, or how long ago (2d)";

/**
 * Return the point that a text describes: a number, or a time as the server reads it; null if it is neither.
 * @param {string} text
 * @param {number} now
 * @returns {number | string | null}
 */
export function point(text, now) {
    const written = text.trim();
    if (/^#?\d{1,15}$/.test(written)) return Number(written.replace("#", ""));
    if (AGO.test(written)) return iso(now - ago(written));
    if (CLOCK.test(written)) return iso(latest(written, now));
    const moment = MOMENT.exec(written);
    return moment === null ? null : iso(new Date(`${moment[1]}T${moment[2] ?? "00:00"}`).getTime());
}

/** @param {string} written */
function ago(written) {
    return [...written.matchAll(/(\d+)([a-z])/gi)].reduce((sum, [, count, unit]) => sum + Number(count) * UNITS[unit.toLowerCase()], 0);
}

/**
 * Return the last time at which the clock showed this.
 * @param {string} written
 * @param {number} now
 */
function latest(written, now) {
    const [hours, minutes] = written.split(":").map(Number);
    const time = new Date(now).setHours(hours, minutes, 0, 0);
    return time > now ? new Date(time).setDate(new Date(time).getDate() - 1) : time;
}

/** @param {number} time */
function iso(time) {
    return Number.isNaN(time) ? null : new Date(time).toISOString();
}
