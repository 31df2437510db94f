/** The keyboard shortcuts. */

import { KEYS } from "../model/keys.js";
import { Dialog } from "./dialog.js";
import { html } from "./dom.js";

const MAC = /Mac|iPhone|iPad/.test(navigator.userAgent);
/** @type {Record<string, string>} */
const NAMES = { Mod: MAC ? "⌘" : "Ctrl", Alt: MAC ? "⌥" : "Alt", ArrowUp: "↑", ArrowDown: "↓", Escape: "Esc", ContextMenu: "Menu" };

/** What each shortcut does. @type {Record<import("../model/keys.js").ShortcutName, string>} */
const HELP = {
    send: "send the message",
    newLine: "start a new line",
    older: "previous message that you sent",
    newer: "next message that you sent",
    complete: "complete /commands, names, #rooms and :emoji:",
    putAway: "close the suggestions; then go to the latest message",
    next: "next room or conversation",
    previous: "previous room or conversation",
    present: "back to the latest message",
    region: "move between the lists, the messages and the input",
    regionBack: "the same, backwards",
    switcher: "go to a room, person or command by a few letters",
    search: "search messages",
    help: "show this list (? only outside of the input)",
    up: "previous message",
    down: "next message",
    menu: "menu of the message: reply, copy, delete …",
};

/** @param {import("./dialogs.js").DialogProps} props */
export function KeysDialog({ page }) {
    return html`<${Dialog} title="Keyboard shortcuts" wide close=${() => page.closeDialog()}>
        ${/** @type {const} */ ([["app", "Everywhere"], ["log", "In the messages"], ["input", "While writing"]]).map(([where, title]) => html`<section key=${where}><h3>${title}</h3>
            <dl class="keys">${Object.entries(KEYS).filter(([, each]) => each.where === where).map(([name, each]) => html`<div key=${name}>
                <dt>${each.keys.filter(pressed => pressed !== "?").map((pressed, at) => html`${at > 0 && " or "}<kbd>${label(pressed)}</kbd>`)}</dt><dd>${HELP[/** @type {keyof typeof HELP} */ (name)]}</dd></div>`)}</dl></section>`)}
        <p class="muted">In menus and lists, the arrow keys move and Esc closes.</p>
    </${Dialog}>`;
}

/** @param {string} pressed */
function label(pressed) {
    return pressed.replace("Shift+?", "?").split("+").map(part => NAMES[part] ?? (part.length === 1 ? part.toUpperCase() : part)).join("+");
}
