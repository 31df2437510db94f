/** The members of the room, those with a role first. */

import { classes, html } from "./dom.js";
import { Icon } from "./icons.js";
import { Avatar } from "./line.js";

/** @typedef {import("../model/buffers.js").Somebody} Somebody */

const ROLES = ["founder", "host", "operator", "moderator", "voiced", ""];
const SHOWN = 500; // rows

/** @param {import("./app.js").Props} props */
export function People({ session, page }) {
    const { pane, name: me } = session.state;
    if (!pane.people.size) return null;
    const people = [...pane.people.values()].sort(inOrder);
    /** @param {Somebody} somebody @param {any} event */
    const choose = ({ name }, event) => page.openDialog("person", { name, anchor: event.currentTarget.getBoundingClientRect() });
    return html`<aside class="sidebar people" aria-label="People in this room">
        <div class="sidebar-head"><strong class="grow">People <span class="muted">${people.length}</span></strong>
            <button type="button" class="quiet only-not-wide" aria-label="Close" onClick=${() => page.openDrawer(null)}><${Icon} name="close" /></button>
        </div>
        <ul class="sidebar-body">
            ${people.slice(0, SHOWN).map(one => html`<li key=${one.name}>
                <button type="button" class=${classes("entry", one.away && "absent")} aria-haspopup="menu" onClick=${(/** @type {Event} */ event) => choose(one, event)}>
                    <${Avatar} name=${one.name} /><bdi class="grow">${one.name}</bdi>
                    <span class="muted">${one.name === me ? "you" : one.away ? "away" : one.role}</span>
                </button>
            </li>`)}
        </ul>
        ${people.length > SHOWN && html`<p class="muted">and ${people.length - SHOWN} more</p>`}
    </aside>`;
}

/**
 * @param {Somebody} one
 * @param {Somebody} other
 */
function inOrder(one, other) {
    return ROLES.indexOf(one.role) - ROLES.indexOf(other.role) || one.name.localeCompare(other.name);
}
