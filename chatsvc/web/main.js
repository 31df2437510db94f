/** Starts the page: connects the chat to the browser's clock, network, storage and keys. */

import { ChatSession } from "./control/chat_session.js";
import { Keepsakes } from "./control/keepsakes.js";
import { shortcut } from "./model/keys.js";
import { titleOf } from "./views/room_list.js";
import { Page } from "./views/page.js";

const container = /** @type {HTMLElement} */ (document.getElementById("app"));
const page = new Page(container);
const clock = {
    now: () => Date.now(),
    random: () => Math.random(),
    setTimeout: (/** @type {() => void} */ call, /** @type {number} */ delay) => window.setTimeout(call, delay),
    clearTimeout: (/** @type {number} */ timer) => window.clearTimeout(timer),
};
const url = `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/`;
const session = new ChatSession(() => new WebSocket(url), clock, new Keepsakes(sessionStorage), () => page.changed());
const { state } = session;
session.restart = () => location.reload();

// The form was usable before this script had loaded.
const early = /** @type {HTMLInputElement | null} */ (container.querySelector("input[name=name]"));
page.firstName = early?.value ?? "";
container.replaceChildren();

const title = document.title;
page.drawn = () => {
    const { unread, mentions } = state.unread;
    const where = session.login === null ? `${titleOf(state.pane)} – ${state.chat}` : title;
    document.title = unread || mentions ? `(${mentions || unread}) ${where}` : where;
};

const look = () => state.look(document.visibilityState === "visible" && document.hasFocus());
for (const event of ["focus", "blur"]) window.addEventListener(event, look);
document.addEventListener("visibilitychange", look);

// The connection may be dead although it looks open: after sleep, or in another network.
const probe = () => document.visibilityState === "visible" && session.connection.probe();
for (const event of ["online", "pageshow"]) window.addEventListener(event, probe);
for (const event of ["visibilitychange", "resume"]) document.addEventListener(event, probe);

setInterval(() => {
    session.typing.tick(clock.now());
    if (state.pane.typing.size || !session.connection.here) page.changed();
}, 1000);

/** @type {Partial<Record<import("./model/keys.js").ShortcutName, () => void>>} */
const SHORTCUTS = {
    next: () => session.step(1),
    previous: () => session.step(-1),
    present: () => state.returnToPresent(),
    region: nextRegion,
};

document.addEventListener("keydown", event => {
    const name = session.login === null && page.dialog === null ? shortcut(event, "app") : null;
    if (name === null || SHORTCUTS[name] === undefined) return;
    event.preventDefault();
    SHORTCUTS[name]();
});

/** Move the focus to the next part of the page. */
function nextRegion() {
    const regions = [...container.querySelectorAll(".rooms button[aria-current=page], .scroller, .composer textarea, .people li:first-child .entry")];
    const visible = /** @type {HTMLElement[]} */ (regions.filter(region => region.checkVisibility()));
    const at = visible.findIndex(region => region.closest("nav, aside, .scroller, form") === document.activeElement?.closest("nav, aside, .scroller, form"));
    visible[(at + 1) % visible.length]?.focus();
}

look();
session.begin();
page.show(session);
