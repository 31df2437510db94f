/** The list of rooms and private conversations, with what is unread. */

import { SERVER, titleOf } from "../model/buffers.js";
import { classes, html } from "./dom.js";
import { Icon } from "./icons.js";
import { Avatar } from "./line.js";
import { Unencrypted } from "./security.js";

/** @typedef {import("../control/chat_session.js").ChatSession} ChatSession */
/** @typedef {import("../model/buffers.js").Buffer} Buffer */
/** @typedef {import("./page.js").Page} Page */

/** @param {{session: ChatSession, page: Page}} props */
export function RoomList({ session, page }) {
    const { state } = session;
    const rooms = session.listed.filter(pane => !pane.private && pane.name !== SERVER);
    const people = session.listed.filter(pane => pane.private);
    /** @param {Buffer} pane */
    const entry = pane => html`<${Entry} key=${pane.name} pane=${pane} current=${pane === state.pane}
        choose=${() => (session.lookAt(pane.name), page.openDrawer(null))} unread=${state.isQuiet(pane) ? pane.mentions : pane.unread} mentions=${pane.mentions}
        menu=${(/** @type {DOMRect} */ anchor) => page.openDialog(pane.name === SERVER ? "own" : "room", { room: pane.name, anchor })} />`;
    return html`<nav class="sidebar rooms" aria-label="Rooms and conversations">
        <div class="sidebar-head"><strong class="grow"><bdi>${state.chat}</bdi></strong>
            <button type="button" class="quiet only-narrow" aria-label="Close" onClick=${() => page.openDrawer(null)}><${Icon} name="close" /></button>
        </div>
        <div class="sidebar-body">
            <h2>Rooms <button type="button" class="quiet small" aria-label="Join a room" title="Join a room"
                onClick=${() => page.openDialog("rooms")}><${Icon} name="plus" /></button></h2>
            <ul>${rooms.map(entry)}</ul>
            ${people.length > 0 && html`<h2>Private</h2><ul>${people.map(entry)}</ul>`}
            ${session.listed.includes(state.server) && html`<h2>Server</h2><ul>${entry(state.server)}</ul>`}
        </div>
        <button type="button" class="me" aria-haspopup="menu" title="Account, preferences, help"
            onClick=${(/** @type {any} */ event) => page.openDialog("own", { anchor: event.currentTarget.getBoundingClientRect() })}>
            <${Avatar} name=${state.name} /><bdi class="grow">${state.name}</bdi>
            <span class="muted">${state.account === null ? "guest" : ""}</span><${Icon} name="more" /></button>
        <${Unencrypted} brief />
    </nav>`;
}

/** @param {{pane: Buffer, current: boolean, choose: () => void, unread: number, mentions: number, menu: (anchor: DOMRect) => void}} props */
function Entry({ pane, current, choose, unread, mentions, menu }) {
    return html`<li>
        <button type="button" class=${classes("entry", unread > 0 && "unread", !pane.inside && "absent")} aria-current=${current && "page"} onClick=${choose}
            onContextMenu=${(/** @type {any} */ event) => (event.preventDefault(), menu(event.currentTarget.getBoundingClientRect()))}>
            <bdi class="grow">${titleOf(pane)}</bdi>
            ${unread > 0 && html`<span class=${classes("count", mentions > 0 && "mentions")}>${unread}
                <span class="unseen">${mentions ? " unread, you are mentioned" : " unread"}</span></span>`}
        </button>
    </li>`;
}
