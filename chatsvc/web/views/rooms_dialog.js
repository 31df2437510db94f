/** Finding a room to join, or creating one. */

import { counted } from "../model/text_rules.js";
import { Dialog } from "./dialog.js";
import { html } from "./dom.js";

/** @param {import("./dialogs.js").DialogProps} props */
export function RoomsDialog({ session, page }) {
    void session.completing.askRooms();
    /** @param {string} room */
    const join = room => {
        session.goTo(room.startsWith("#") ? room : `#${room}`);
        page.closeDialog();
    };
    /** @param {SubmitEvent} event */
    const submit = event => {
        event.preventDefault();
        const written = String(new FormData(/** @type {HTMLFormElement} */ (event.target)).get("room")).trim();
        if (written) join(written);
    };
    return html`<${Dialog} title="Join a room" close=${() => page.closeDialog()}>
        <form class="in-row" onSubmit=${submit}>
            <input name="room" aria-label="Room" placeholder="#tea" autocomplete="off" maxlength="32" />
            <button class="primary">Join or create</button>
        </form>
        <ul class="choices">
            ${session.completing.rooms.map(place => html`<li key=${place.room}>
                <button type="button" onClick=${() => join(place.room)}>
                    <bdi class="grow"><b>${place.room}</b> <span class="muted">${place.topic}</span></bdi>
                    <span class="muted">${counted(place.count, "person", "people")}</span>
                </button>
            </li>`)}
        </ul>
    </${Dialog}>`;
}
