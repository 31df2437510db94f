/** The rows of a conversation. */

import { hueOf } from "../model/colours.js";
import { wordsOf } from "../model/items.js";
import { pieces } from "../model/links.js";
import { rowsOf } from "../model/rows.js";
import { classes, Component, html } from "./dom.js";
import { brief, clock, day } from "./times.js";

/** @typedef {import("../model/rows.js").Row} Row */
/** @typedef {import("../model/buffers.js").Stretch} Stretch */
/** @typedef {import("../model/items.js").Item} Item */
/** @typedef {import("../model/items.js").Spoken} Spoken */

/**
 * Some consecutive rows, which are drawn again only if one of them changes: there are up to 600.
 * @extends {Component<{shown: Stretch, start: number, end: number, unread: number | null, found: number | null, now: number}>}
 */
export class Rows extends Component {
    /** @type {Item[]} those that are in the page, and the one before them */
    _items = [];

    /** @param {Rows["props"]} next */
    shouldComponentUpdate(next) {
        const { start, unread, found } = this.props;
        const items = itemsOf(next);
        return start !== next.start || unread !== next.unread || found !== next.found
            || items.length !== this._items.length || items.some((item, at) => item !== this._items[at]);
    }

    render() {
        const { shown, start, end, unread, found, now } = this.props;
        this._items = itemsOf(this.props);
        return rowsOf(shown, start, end, unread).map(row => lineOf(row, now, numberOf(row) === found));
    }
}

/** @param {Rows["props"]} props */
function itemsOf({ shown, start, end }) {
    return shown.items.slice(Math.max(start - shown.base - 1, 0), end - shown.base);
}

/**
 * @param {Row} row
 * @param {number} now
 * @param {boolean} found
 */
function lineOf(row, now, found) {
    return html`<div key=${row.ordinal} class=${classes("row", row.first && "first", found && "found")} data-number=${numberOf(row)} data-ordinal=${row.ordinal}>
        ${row.day && html`<div class="separator"><span>${day(row.item.time, now)}</span></div>`}
        ${row.unread && html`<div class="separator new"><span>New</span></div>`}
        ${contentOf(row.item, row.first)}
    </div>`;
}

/** @param {Row} row */
function numberOf({ item }) {
    return item.kind === "spoken" && item.number ? item.number : undefined;
}

/**
 * Return an item without what separates it from the one before it.
 * @param {Item} item
 * @param {boolean} first
 */
export function contentOf(item, first) {
    if (item.kind === "company") return html`<p class="note">${wordsOf(item)}</p>`;
    if (item.kind === "note") return html`<p class=${classes("note", item.wrong && "wrong")}>${linked(item.text)}</p>`;
    return html`<div class=${classes("line", item.own && "own", item.mention && "mention", item.waiting && "waiting", item.action && "action")}
        ...${first ? {} : { role: "group", "aria-label": `${item.sender}, ${clock(item.time)}`, "data-time": brief(item.time) }}>
        ${first && html`<${Avatar} name=${item.sender} />`}
        ${first && !item.action && html`<div class="who">${nameOf(item)}${item.notice && html`<span class="muted">notice</span>`}
            <time datetime=${new Date(item.time).toISOString()}>${clock(item.time)}</time></div>`}
        <div class="text" dir="auto">${item.action && [nameOf(item), " "]}${textOf(item)}</div>
    </div>`;
}

/** @param {Spoken} item */
function textOf(item) {
    if (item.deleted) return html`<em class="muted">deleted by <bdi>${item.deleted}</bdi></em>`;
    return linked(item.text);
}

/** Return a text with its links. @param {string} text */
function linked(text) {
    return pieces(text).map(piece => (piece.link
        ? html`<a href=${piece.text} target="_blank" rel="noopener noreferrer">${piece.text}</a>`
        : piece.text));
}

/** Return the name of a line's sender in its colour. @param {Spoken} item */
function nameOf({ sender }) {
    return html`<bdi class="name" style=${{ "--hue": hueOf(sender) }}>${sender}</bdi>`;
}

/** The first letter of a name on its colour. @param {{name: string}} props */
export function Avatar({ name }) {
    const [letter] = name.normalize();
    return html`<span class="avatar" style=${{ "--hue": hueOf(name) }} aria-hidden="true">${letter?.toUpperCase()}</span>`;
}
