/** Finding a room to join, creating one, and leaving. */

import { sourceOf } from "../control/completion_source.js";
import { ranked } from "../model/fuzzy.js";
import { counted, key } from "../model/text_rules.js";
import { Dialog } from "./dialog.js";
import { Component, html } from "./dom.js";

/** @extends {Component<import("./dialogs.js").DialogProps, {query: string}>} */
export class RoomsDialog extends Component {
    state = { query: "" };

    render() {
        const { session, page } = this.props;
        const { query } = this.state;
        void sourceOf(session).askRooms();
        const written = query.trim() && `#${query.trim().replace(/^#/, "")}`;
        const found = ranked(sourceOf(session).rooms, place => `${place.room} ${place.topic ?? ""}`, query.replace(/^#/, ""));
        const exists = found.some(place => key(place.room) === key(written));
        /** @param {string} room */
        const join = room => (page.closeDialog(), session.goTo(room));
        return html`<${Dialog} title="Rooms" close=${() => page.closeDialog()}>
            <form class="in-row" onSubmit=${(/** @type {Event} */ event) => (event.preventDefault(), written && join(written))}>
                <input name="room" aria-label="Find or create a room" placeholder="Find or create a room" autocomplete="off" maxlength="32" autofocus
                    onInput=${(/** @type {any} */ event) => this.setState({ query: event.target.value })} />
                <button class="primary" disabled=${!written}>${exists || !written ? "Join" : "Create"}</button>
            </form>
            <ul class="choices">
                ${found.map(place => {
                    const pane = session.state.find(place.room);
                    return html`<li key=${place.room} class="in-row nowrap">
                        <button type="button" onClick=${() => join(place.room)}>
                            <bdi class="grow"><b>${place.room}</b> <span class="muted">${place.topic}</span></bdi>
                            <span class="muted">${counted(place.count, "person", "people")}</span>
                        </button>
                        ${pane?.inside && html`<button type="button" class="secondary small" aria-label=${`Leave ${place.room}`} onClick=${() => session.input.typed(`/leave ${place.room}`, pane)}>Leave</button>`}
                    </li>`;
                })}
            </ul>
            <p class="muted" role="status">${found.length ? "" : written ? `There is no room ${written} yet.` : "Loading…"}</p>
        </${Dialog}>`;
    }
}
