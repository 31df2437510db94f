/** Times and days as the reader's language writes them. */

let hoursAndMinutes = new Intl.DateTimeFormat([], { hour: "2-digit", minute: "2-digit" });
let last = { minute: NaN, text: "" }; // most lines were written in the same minute as the one before
const DAY = new Intl.DateTimeFormat([], { weekday: "long", day: "numeric", month: "long" });
const YEAR = new Intl.DateTimeFormat([], { day: "numeric", month: "long", year: "numeric" });
const FULL = new Intl.DateTimeFormat([], { dateStyle: "full", timeStyle: "medium" });

/**
 * Write times with 12 or 24 hours, or as the language does.
 * @param {string} hours
 */
export function useHours(hours) {
    last.minute = NaN;
    hoursAndMinutes = new Intl.DateTimeFormat([], { hour: "2-digit", minute: "2-digit", ...(hours !== "system" && { hourCycle: hours === "12" ? "h12" : "h23" }) });
}

/** @param {number} time */
export function clock(time) {
    const minute = Math.floor(time / 60_000);
    if (minute !== last.minute) last = { minute, text: hoursAndMinutes.format(time) };
    return last.text;
}

/**
 * Return a time for a narrow column: without AM or PM.
 * @param {number} time
 */
export function brief(time) {
    return clock(time).replace(/\s*[AP]M$/i, "");
}

/** @param {number} time */
export function full(time) {
    return FULL.format(time);
}

/**
 * Return a day in words: today, yesterday, or its date.
 * @param {number} time
 * @param {number} now
 */
export function day(time, now) {
    const date = new Date(time), today = new Date(now);
    if (date.toDateString() === today.toDateString()) return "Today";
    const yesterday = new Date(now);
    yesterday.setDate(today.getDate() - 1);
    if (date.toDateString() === yesterday.toDateString()) return "Yesterday";
    return (date.getFullYear() === today.getFullYear() ? DAY : YEAR).format(time);
}
