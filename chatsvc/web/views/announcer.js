/** Tells screen readers what is new in the current conversation, once, and that it was switched. */

import { SERVER, titleOf } from "../model/buffers.js";
import { Component, html } from "./dom.js";

/** @typedef {import("../model/buffers.js").Buffer} Buffer */
/** @typedef {import("../model/items.js").Item} Item */

const MOST = 3; // messages read at once; of more, only their number
const KEPT = 5000; // milliseconds for which a text is in the page, where a reader could find it again

/** Writes to a live region outside of the conversation: in that, a page of history would be read too. */
export class Announcer {
    /** @param {Element} region */
    constructor(region) {
        this.region = region;
        /** @type {Buffer | null} */
        this._pane = null;
        this._end = 0;
    }

    /**
     * Announce what has changed since the last call.
     * @param {Buffer} pane
     */
    follow(pane) {
        const { present } = pane, before = this._end;
        this._end = present.end;
        if (pane !== this._pane) {
            const first = this._pane === null;
            this._pane = pane;
            if (!first) this._say(switchedTo(pane));
            return;
        }
        const news = present.items.slice(Math.max(before - present.base, 0)).filter(item => !(item.kind === "spoken" && item.own));
        if (before > present.end || !news.length) return;
        if (news.length > MOST) this._say(`${news.length} new messages`);
        else for (const item of news) this._say(words(item));
    }

    /** @param {string} text */
    _say(text) {
        if (!text) return;
        const line = document.createElement("p");
        line.textContent = text;
        this.region.append(line);
        setTimeout(() => line.remove(), KEPT);
    }
}

/** The live region. @extends {Component<{session: import("../control/chat_session.js").ChatSession}>} */
export class Announced extends Component {
    /** @type {Announcer | null} */
    _announcer = null;

    componentDidMount() {
        this.componentDidUpdate();
    }

    componentDidUpdate() {
        this._announcer?.follow(this.props.session.state.pane);
    }

    render() {
        return html`<div class="unseen" id="announced" aria-live="polite" ref=${this._made}></div>`;
    }

    /** @param {Element | null} region */
    _made = region => {
        this._announcer = region && new Announcer(region);
    };
}

/** @param {Buffer} pane */
function switchedTo(pane) {
    const title = pane.name === SERVER || !pane.private ? titleOf(pane) : `Conversation with ${titleOf(pane)}`;
    return pane.new === null ? title : `${title}, with new messages`;
}

/** @param {Item} item */
function words(item) {
    if (item.kind === "spoken") return item.action ? `${item.sender} ${item.text}` : `${item.sender}: ${item.text}`;
    return item.kind === "note" ? item.text : "";
}
