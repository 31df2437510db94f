/** One row of a conversation. */

import { hueOf } from "../model/colours.js";
import { wordsOf } from "../model/items.js";
import { pieces } from "../model/links.js";
import { classes, Component, html } from "./dom.js";
import { brief, clock, day, full } from "./times.js";

/** @typedef {import("../model/rows.js").Row} Row */
/** @typedef {import("../model/items.js").Spoken} Spoken */
/** @typedef {{row: Row, found: boolean, now: number}} Props */

/** A row, which is drawn again only if it is another one: there are up to 600. @extends {Component<Props>} */
export class Line extends Component {
    /** @param {Props} next */
    shouldComponentUpdate(next) {
        const { row, found } = this.props;
        return row.item !== next.row.item || row.first !== next.row.first || row.day !== next.row.day
            || row.unread !== next.row.unread || found !== next.found;
    }

    render() {
        const { row, found, now } = this.props;
        return html`<div class=${classes("row", row.first && "first", found && "found")} data-number=${numberOf(row)} data-ordinal=${row.ordinal}>
            ${row.day && html`<div class="separator"><span>${day(row.item.time, now)}</span></div>`}
            ${row.unread && html`<div class="separator new"><span>New</span></div>`}
            <${Content} item=${row.item} first=${row.first} />
        </div>`;
    }
}

/** @param {Row} row */
function numberOf({ item }) {
    return item.kind === "spoken" && item.number ? item.number : undefined;
}

/** @param {{item: import("../model/items.js").Item, first: boolean}} props */
export function Content({ item, first }) {
    if (item.kind === "company") return html`<p class="note">${wordsOf(item)}</p>`;
    if (item.kind === "note") return html`<p class=${classes("note", item.wrong && "wrong")}><${Text} text=${item.text} /></p>`;
    return html`<div class=${classes("line", item.own && "own", item.mention && "mention", item.waiting && "waiting", item.action && "action")}>
        ${first ? html`<${Avatar} name=${item.sender} />` : html`<${Time} time=${item.time} text=${brief(item.time)} />`}
        <div class="body">
            ${first && !item.action && html`<div class="who"><${Name} name=${item.sender} />
                ${item.notice && html`<span class="muted">notice</span>`}<${Time} time=${item.time} /></div>`}
            <div class="text" dir="auto">${item.action && html`<${Name} name=${item.sender} /> `}${textOf(item)}</div>
        </div>
    </div>`;
}

/** @param {Spoken} item */
function textOf(item) {
    if (item.deleted) return html`<em class="muted">deleted by <bdi>${item.deleted}</bdi></em>`;
    return html`<${Text} text=${item.text} />`;
}

/** Text with its links. @param {{text: string}} props */
function Text({ text }) {
    return pieces(text).map(piece => (piece.link
        ? html`<a href=${piece.text} target="_blank" rel="noopener noreferrer">${piece.text}</a>`
        : piece.text));
}

/** @param {{time: number, text?: string}} props */
function Time({ time, text = clock(time) }) {
    return html`<time datetime=${new Date(time).toISOString()} title=${full(time)}>${text}</time>`;
}

/** A name in its colour. @param {{name: string}} props */
function Name({ name }) {
    return html`<bdi class="name" style=${{ "--hue": hueOf(name) }}>${name}</bdi>`;
}

/** The first letter of a name on its colour. @param {{name: string}} props */
export function Avatar({ name }) {
    const [letter] = name.normalize();
    return html`<span class="avatar" style=${{ "--hue": hueOf(name) }} aria-hidden="true">${letter?.toUpperCase()}</span>`;
}
