/** The page after the login: the lists beside a conversation. */

import { SERVER, titleOf } from "../model/buffers.js";
import { Announced } from "./announcer.js";
import { Composer } from "./composer.js";
import { Conversation } from "./conversation.js";
import { html } from "./dom.js";
import { Icon } from "./icons.js";
import { People } from "./people.js";
import { RoomList } from "./room_list.js";
import { Status } from "./status.js";

/** @typedef {import("../control/chat_session.js").ChatSession} ChatSession */
/** @typedef {import("./page.js").Page} Page */
/** @typedef {{session: ChatSession, page: Page}} Props */

// The keyboard of an iPhone lies over the page, which is then scrolled: only what is visible counts.
window.visualViewport?.addEventListener("resize", () => {
    const { height, scale } = /** @type {VisualViewport} */ (visualViewport);
    if (scale > 1.01) return; // the user has zoomed in
    document.documentElement.style.setProperty("--height", `${height}px`);
    scrollTo(0, 0);
});

/** @param {Props} props */
export function App({ session, page }) {
    return html`<div class="chat" data-drawer=${page.drawer}>
        <${RoomList} session=${session} page=${page} />
        <main class="main" aria-label=${titleOf(session.state.pane)}>
            <${Header} session=${session} page=${page} />
            <${Conversation} key=${session.preferences.values.hours} session=${session} page=${page} />
            <${Status} session=${session} />
            <${Composer} session=${session} />
        </main>
        <${People} session=${session} page=${page} />
        <${Announced} session=${session} />
        ${page.drawer && html`<button type="button" class="backdrop" aria-label="Close the list" onClick=${() => page.openDrawer(null)}></button>`}
        ${page.dialog?.view && html`<${page.dialog.view} key=${page.dialog.number} session=${session} page=${page} about=${page.dialog.about} close=${() => page.closeDialog()} />`}
    </div>`;
}

/** The name and topic of the conversation, and on narrow screens the buttons for the lists. @param {Props} props */
function Header({ session, page }) {
    const { pane, unread } = session.state;
    const elsewhere = unread.unread - pane.unread;
    return html`<header class="header">
        <button type="button" class="quiet only-narrow" aria-expanded=${page.drawer === "rooms"} onClick=${() => page.openDrawer("rooms")}
            aria-label=${elsewhere ? `Rooms, ${elsewhere} unread` : "Rooms"}>
            <${Icon} name="rooms" />${elsewhere > 0 && html`<span class="dot"></span>`}
        </button>
        <div class="grow">
            <h1><button type="button" class="title" aria-haspopup="menu" title="Topic, rules, search, notifications"
                onClick=${(/** @type {any} */ event) => page.openDialog(pane.name === SERVER ? "own" : "room", { room: pane.name, anchor: event.currentTarget.getBoundingClientRect() })}>
                <bdi class="grow">${titleOf(pane)}</bdi> ${pane.name !== SERVER && html`<${Icon} name="more" />`}</button></h1>
            <p class="topic" title=${pane.topic}><bdi>${pane.topic}</bdi></p>
        </div>
        <button type="button" class="quiet" aria-label="Search messages" title="Search messages" onClick=${() => page.openDialog("search")}><${Icon} name="search" /></button>
        ${!pane.private && pane.name !== SERVER && html`
            <button type="button" class="quiet only-not-wide" aria-expanded=${page.drawer === "people"} onClick=${() => page.openDrawer("people")}
                aria-label="People"><${Icon} name="people" /> <span>${pane.people.size}</span></button>`}
    </header>`;
}
