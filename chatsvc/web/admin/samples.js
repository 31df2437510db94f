/** The figures of the last minutes, for the charts. No page. */

/** @typedef {import("../model/items.js").Event} Event */
/** What a chart draws. @typedef {{label: string, unit: string, values: number[], now: number, most: number}} Series */

const MOST = 200; // samples that are remembered
const LEAST = 20; // samples for which a chart has room

/** @type {{figure: string, label: string, unit: string}[]} */
const CHARTS = [
    { figure: "people", label: "People", unit: "" },
    { figure: "messages_per_second", label: "Messages per second", unit: "" },
    { figure: "commit_ms", label: "Time of a commit", unit: " ms" },
];

/**
 * Return the samples with another one; the oldest are left out.
 * @param {Event[]} samples
 * @param {Event} status
 */
export function added(samples, status) {
    return [...samples, status].slice(-MOST);
}

/**
 * Return what the charts draw.
 * @param {Event[]} samples
 * @returns {Series[]}
 */
export function series(samples) {
    return CHARTS.map(({ figure, label, unit }) => {
        const values = samples.map(sample => sample[figure]);
        return { label, unit, values, now: values.at(-1) ?? 0, most: Math.max(0, ...values) };
    });
}

/**
 * Return the points of a line in a box of 100 by 100, with the latest value at the right.
 * @param {Series} series
 */
export function points({ values, most }) {
    const step = 100 / (Math.max(values.length, LEAST) - 1);
    return values.map((value, at) => `${rounded(100 - (values.length - 1 - at) * step)},${rounded(100 - (most ? value / most : 0) * 96 - 2)}`).join(" ");
}

/** @param {number} value */
function rounded(value) {
    return Math.round(value * 100) / 100;
}
