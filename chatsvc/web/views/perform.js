/** Carries out actions that were chosen in a menu or a list. */

import { isWorthShowing } from "../model/answers.js";
import { Refused, Uncertain } from "../net/failures.js";

/** @typedef {import("../control/chat_session.js").ChatSession} ChatSession */
/** @typedef {import("../model/actions.js").Action} Action */
/** @typedef {import("./page.js").Page} Page */

/**
 * Carry out an action, or open its form. An answer that is a list opens in a dialog; others are in the conversation.
 * @param {ChatSession} session
 * @param {Page} page
 * @param {Pick<Action, "label" | "command" | "given" | "form">} action
 */
export async function perform(session, page, { label, command, given, form }) {
    if (form) return page.openDialog("command", { label, command, given });
    try {
        show(page, await session.input.perform(command, given), command, given);
    } catch (error) {
        session.note(problem(error), true);
    }
}

/**
 * Show an answer in a dialog if it is a list; return whether it is.
 * @param {Page} page
 * @param {import("../model/items.js").Event} event
 * @param {string} command
 * @param {Record<string, unknown>} given
 */
export function show(page, event, command, given) {
    const listed = isWorthShowing(event);
    if (listed) page.openDialog("answer", { event, command, given });
    return listed;
}

/**
 * Return what went wrong in a sentence.
 * @param {unknown} error
 */
export function problem(error) {
    if (error instanceof Refused) return error.message;
    return error instanceof Uncertain ? "The connection was lost. This may not have arrived. Try again." : "You have left the chat.";
}

/**
 * Copy a text; where the page may not use the clipboard directly, by a selection.
 * @param {string} text
 */
export function copy(text) {
    if (navigator.clipboard) return void navigator.clipboard.writeText(text).catch(() => copySelected(text));
    copySelected(text);
}

/** @param {string} text */
function copySelected(text) {
    const area = document.createElement("textarea");
    area.value = text;
    area.className = "unseen";
    (document.querySelector("dialog[open]") ?? document.body).append(area); // nothing outside of a modal dialog can be selected
    area.select();
    document.execCommand("copy");
    area.remove();
}
