/** Starts the page: connects the chat to the browser's clock, network, storage and keys. */

import { ChatSession } from "./control/chat_session.js";
import { Keepsakes, shelf } from "./control/keepsakes.js";
import { Preferences } from "./control/preferences.js";
import { titleOf } from "./model/buffers.js";
import { shortcut } from "./model/keys.js";
import { useHours } from "./views/times.js";
import { Page } from "./views/page.js";

/** @typedef {import("./model/buffers.js").Buffer} Buffer */
/** @typedef {import("./model/items.js").Event} Event */
/** @typedef {import("./model/items.js").Spoken} Spoken */

const container = /** @type {HTMLElement} */ (document.getElementById("app"));
const page = new Page(container);
const clock = {
    now: () => Date.now(),
    random: () => Math.random(),
    setTimeout: (/** @type {() => void} */ call, /** @type {number} */ delay) => window.setTimeout(call, delay),
    clearTimeout: (/** @type {number} */ timer) => window.clearTimeout(timer),
};
const url = `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/`;
const keepsakes = new Keepsakes(shelf(() => sessionStorage), shelf(() => localStorage));
const preferences = new Preferences(keepsakes.forAll);
const browser = { database: window.indexedDB, channel: "BroadcastChannel" in window ? new BroadcastChannel("chatsvc") : null };
const session = new ChatSession(() => new WebSocket(url), clock, keepsakes, () => page.changed(), browser, preferences);
const { state } = session;
session.restart = () => location.reload();

// The form was usable before this script had loaded.
const early = /** @type {HTMLInputElement | null} */ (container.querySelector("input[name=name]"));
page.firstName = early?.value ?? "";
container.replaceChildren();

preferences.changed = () => {
    const { theme, density, hours, emoji, typing } = preferences.values;
    document.documentElement.style.colorScheme = theme === "system" ? "" : theme;
    document.documentElement.dataset.density = density;
    const dark = /** @type {HTMLLinkElement} */ (document.getElementById("dark"));
    dark.media = { light: "not all", dark: "all" }[theme] ?? "(prefers-color-scheme: dark)";
    useHours(hours);
    session.input.emoji = emoji;
    session.typing.wanted = typing;
    state.highlights = preferences.highlights;
    page.changed();
};
state.isQuiet = (/** @type {Buffer} */ pane) => preferences.isQuiet(pane.name);
addEventListener("storage", () => (preferences.read(), session.tokenChanged())); // changed in another tab
preferences.changed();

session.present = async (/** @type {Event} */ event, /** @type {object} */ asked) => {
    const { isListed } = await session.later.answers();
    if (event.event === "found") page.openDialog("search", { event });
    else if (isListed(event)) page.openDialog("answer", { event, ...asked });
};

session.askPassword = (/** @type {string} */ room) => page.openDialog("command", { label: `Join ${room}`, command: "join", given: { room } });

const title = document.title;
page.drawn = () => {
    const { unread, mentions } = state.unread;
    const where = session.login === null ? `${titleOf(state.pane)} – ${state.chat}` : title;
    showIcon(unread + mentions > 0);
    document.title = unread || mentions ? `(${mentions || unread}) ${where}` : where;
};

// Loaded with the first message that may be notified about.
const notifications = once(async () => (await import("./views/notifying.js")).notificationsOf(session));
state.whenNew = (/** @type {Buffer} */ pane, /** @type {Spoken} */ line, /** @type {boolean} */ seen) =>
    void (preferences.notifies && notifications().then(each => each.note(pane, line, seen, () => session.lookAt(pane.name))).catch(() => {}));

const look = () => state.look(document.visibilityState === "visible" && document.hasFocus());
for (const event of ["focus", "blur"]) window.addEventListener(event, look);
document.addEventListener("visibilitychange", look);

addEventListener("pagehide", () => (session.input.leading?.keep(), session.reading.markAll()));

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
    region: () => nextRegion(1),
    regionBack: () => nextRegion(-1),
    switcher: () => page.openDialog("switcher"),
    search: () => page.openDialog("search"),
    help: () => page.openDialog("keys"),
};

document.addEventListener("keydown", event => {
    const name = session.login === null && page.dialog === null && !page.view ? shortcut(event, "app") : null;
    if (name === null || SHORTCUTS[name] === undefined || (event.key.length === 1 && !event.ctrlKey && !event.metaKey && isWriting())) return;
    event.preventDefault();
    SHORTCUTS[name]();
});

function isWriting() {
    return document.activeElement?.matches("input, textarea, select") ?? false;
}

/** Move the focus to the next or previous part of the page. @param {number} steps */
function nextRegion(steps) {
    const regions = [...container.querySelectorAll(".rooms button[aria-current=page], .scroller, .composer textarea, .people li:first-child .entry")];
    const visible = /** @type {HTMLElement[]} */ (regions.filter(region => region.checkVisibility()));
    const at = visible.findIndex(region => region.closest("nav, aside, .scroller, form") === document.activeElement?.closest("nav, aside, .scroller, form"));
    visible[(at + steps + visible.length) % visible.length]?.focus();
}

/**
 * Show the icon with a dot if something is unread.
 * @param {boolean} unread
 */
function showIcon(unread) {
    const link = /** @type {HTMLLinkElement} */ (document.querySelector("link[rel=icon]"));
    const address = link.href.replace(/[^/]+$/, unread ? "favicon-unread.svg" : "favicon.svg");
    if (link.href !== address) link.href = address;
}

/**
 * Return a function that makes something when it is first needed.
 * @template T
 * @param {() => Promise<T>} make
 */
function once(make) {
    /** @type {Promise<T> | undefined} */
    let made;
    return () => (made ??= make().catch(error => { made = undefined; throw error; }));
}

look();
if (location.pathname === "/admin") void import("./admin/start.js").then(({ start }) => start(session, page));
else {
    void session.begin();
    page.show(session);
}
