/** Copies a selection of several messages with their times and senders. Loaded after the page is shown. */

import { copied } from "../model/copied.js";

/** @typedef {import("../model/state.js").State} State */
/** @typedef {import("../model/items.js").Spoken} Spoken */

/** @param {State} state */
export function copyMessages(state) {
    document.addEventListener("copy", event => {
        const items = selected(state);
        if (items.length < 2 || event.clipboardData === null) return; // of one message, only what is selected
        event.preventDefault();
        event.clipboardData.setData("text/plain", copied(items));
    });
}

/**
 * Return the messages that are selected, at least in part.
 * @param {State} state
 */
function selected({ pane: { shown } }) {
    const selection = getSelection();
    const rows = /** @type {HTMLElement[]} */ ([...document.querySelectorAll(".rows > .row[data-ordinal]")]);
    const items = rows.filter(row => isSelected(selection, row)).map(row => shown.items[Number(row.dataset.ordinal) - shown.base]);
    return /** @type {Spoken[]} */ (items.filter(item => item?.kind === "spoken"));
}

/**
 * @param {Selection | null} selection
 * @param {HTMLElement} row
 */
function isSelected(selection, row) {
    const text = row.querySelector(".text");
    return selection !== null && !selection.isCollapsed && text !== null && selection.containsNode(text, true);
}
