/** Times and days as the reader's language writes them. */

const CLOCK = new Intl.DateTimeFormat([], { hour: "2-digit", minute: "2-digit" });
const DAY = new Intl.DateTimeFormat([], { weekday: "long", day: "numeric", month: "long" });
const YEAR = new Intl.DateTimeFormat([], { day: "numeric", month: "long", year: "numeric" });
const FULL = new Intl.DateTimeFormat([], { dateStyle: "full", timeStyle: "medium" });

/** @param {number} time */
export function clock(time) {
    return CLOCK.format(time);
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
