/** Choosing a message with the mouse, a finger or the keyboard, for its menu; and copying messages as text. */

import { copied } from "../model/copying.js";
import { shortcut } from "../model/keys.js";
import { full } from "./times.js";

/** @typedef {import("../model/items.js").Item} Item */

/**
 * The button beside the message under the pointer, and the message that has the focus.
 *
 * There is only one button, which moves: one in each of 600 rows would slow the page down.
 */
export class LineActions {
    /**
     * @param {HTMLElement} scroller
     * @param {(row: HTMLElement) => Item | undefined} itemOf
     * @param {(item: Item, anchor: DOMRect) => void} openMenu
     * @param {(name: string, anchor: DOMRect) => void} openPerson
     */
    constructor(scroller, itemOf, openMenu, openPerson) {
        this._scroller = scroller;
        this._itemOf = itemOf;
        this._openMenu = openMenu;
        this._openPerson = openPerson;
        /** @type {HTMLElement | null} */
        this._row = null;
        this._button = this._makeButton();
        scroller.after(this._button);
        scroller.addEventListener("pointerover", event => this._point(rowOf(event.target)));
        scroller.addEventListener("scroll", () => this._hide());
        scroller.addEventListener("click", event => this._clicked(event));
        scroller.addEventListener("contextmenu", event => this._wanted(event));
        scroller.addEventListener("keydown", event => this._pressed(event));
        scroller.addEventListener("copy", event => this._copy(event));
        scroller.parentElement?.addEventListener("pointerleave", event => event.pointerType === "touch" || this._hide());
    }

    _makeButton() {
        const button = document.createElement("button");
        Object.assign(button, { type: "button", className: "line-menu", hidden: true, ariaLabel: "Message menu", tabIndex: -1, textContent: "⋯" });
        button.addEventListener("click", () => this._row && this._open(this._row, button.getBoundingClientRect()));
        return button;
    }

    /** @param {HTMLElement | null} row */
    _point(row) {
        if (row === null || !isSelectable(this._itemOf(row))) return this._hide();
        this._row = row;
        const time = row.querySelector("time");
        if (time) time.title = full(Date.parse(time.dateTime)); // writing it takes long, and few are read
        const content = row.lastElementChild?.getBoundingClientRect() ?? row.getBoundingClientRect();
        this._button.hidden = false;
        this._button.style.top = `${Math.max(content.top - this._scroller.getBoundingClientRect().top + this._scroller.offsetTop - 6, 2)}px`;
    }

    _hide() {
        this._button.hidden = true;
    }

    /**
     * @param {HTMLElement} row
     * @param {DOMRect} anchor
     */
    _open(row, anchor) {
        const item = this._itemOf(row);
        if (item !== undefined && isSelectable(item)) this._openMenu(item, anchor);
    }

    /** @param {MouseEvent} event */
    _clicked(event) {
        const target = /** @type {HTMLElement} */ (event.target).closest(".name, .avatar");
        const item = target && this._itemOf(/** @type {HTMLElement} */ (rowOf(target)));
        if (target && item?.kind === "spoken") this._openPerson(item.sender, target.getBoundingClientRect());
    }

    /** Open the menu instead of the browser's, unless a link or a selection needs that. @param {MouseEvent} event */
    _wanted(event) {
        const target = /** @type {HTMLElement} */ (event.target), row = rowOf(target);
        if (row === null || target.closest("a") || !getSelection()?.isCollapsed || event.shiftKey || !isSelectable(this._itemOf(row))) return;
        event.preventDefault();
        this._open(row, event.clientX ? new DOMRect(event.clientX, event.clientY) : row.getBoundingClientRect());
    }

    /** @param {KeyboardEvent} event */
    _pressed(event) {
        const name = shortcut(event, "log");
        const row = rowOf(document.activeElement);
        if (name === "menu" && row) this._open(row, row.getBoundingClientRect());
        else if (name === "up" || name === "down") this._move(row, name === "up" ? -1 : 1);
        else return;
        event.preventDefault();
    }

    /**
     * Move the focus to another message; from the conversation itself, to the last visible one.
     * @param {HTMLElement | null} from
     * @param {number} steps
     */
    _move(from, steps) {
        const rows = [...this._scroller.querySelectorAll(".row")].map(each => /** @type {HTMLElement} */ (each));
        const bottom = this._scroller.getBoundingClientRect().bottom;
        const start = from ? rows.indexOf(from) + steps : rows.findLastIndex(row => row.getBoundingClientRect().bottom <= bottom + 1);
        const able = (/** @type {number} */ at) => isSelectable(this._itemOf(rows[at]));
        let at = start;
        while (at >= 0 && at < rows.length && !able(at)) at += steps;
        const row = rows[at];
        if (row === undefined) return;
        row.tabIndex = -1;
        row.focus({ preventScroll: true });
        row.scrollIntoView({ block: "nearest" });
    }

    /** @param {ClipboardEvent} event */
    _copy(event) {
        const selection = getSelection();
        if (!selection?.rangeCount || !event.clipboardData) return;
        const range = selection.getRangeAt(0);
        const rows = [...this._scroller.querySelectorAll(".row")].filter(row => range.intersectsNode(row));
        if (rows.length < 2) return; // a part of one message is copied as it is
        const items = rows.map(row => this._itemOf(/** @type {HTMLElement} */ (row))).filter(item => item !== undefined);
        event.clipboardData.setData("text/plain", items.map(copied).join("\n"));
        event.preventDefault();
    }
}

/**
 * @param {EventTarget | null} target
 * @returns {HTMLElement | null}
 */
function rowOf(target) {
    return target instanceof Element ? target.closest(".row") : null;
}

/**
 * Return whether an item has a menu.
 * @param {Item | undefined} item
 */
function isSelectable(item) {
    return item?.kind === "spoken" && !item.waiting;
}
