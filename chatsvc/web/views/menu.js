/** A menu beside what it is about; on narrow screens, at the bottom of the page. */

import { Modal } from "./dialog.js";
import { classes, html } from "./dom.js";

/** An entry; `checked` makes it a switch. @typedef {{label: string, do: () => void, danger?: boolean, checked?: boolean}} Entry */
/** `anchor` is the place beside which the menu opens. @typedef {{label: string, anchor?: DOMRect, groups: Entry[][], close: () => void, children?: unknown}} Props */

const GAP = 4; // pixels

/** Up and Down move in the menu, and so does the first letter of an entry. @extends {Modal<Props>} */
export class Menu extends Modal {
    componentDidMount() {
        super.componentDidMount();
        this._place();
        this._entries[0]?.focus();
    }

    componentDidUpdate() {
        this._place();
    }

    render() {
        const { label, groups, children } = this.props;
        return html`<dialog class="menu" aria-label=${label} onKeyDown=${this._pressed} ...${this.frame}>
            ${children}
            <div role="menu" aria-label=${label}>
                ${groups.filter(group => group.length).map((group, at) => html`<div role="group" key=${at}>
                    ${group.map(entry => html`<button type="button" key=${entry.label} role=${entry.checked === undefined ? "menuitem" : "menuitemcheckbox"}
                        aria-checked=${entry.checked} tabindex="-1" class=${classes("entry", entry.danger && "wrong")} onClick=${() => this._choose(entry)}>
                        <bdi class="grow">${entry.label}</bdi>${entry.checked && html`<span aria-hidden="true">✓</span>`}</button>`)}
                </div>`)}
            </div>
        </dialog>`;
    }

    /** @returns {HTMLElement[]} */
    get _entries() {
        return [...(this._element?.querySelectorAll("[role^=menuitem]") ?? [])].map(each => /** @type {HTMLElement} */ (each));
    }

    /** @param {Entry} entry */
    _choose(entry) {
        this.props.close();
        entry.do();
    }

    /** Open the menu where it fits: below the anchor, or else above it. */
    _place() {
        const { anchor } = this.props, menu = this._element;
        if (!anchor || menu === null || matchMedia("(max-width: 719px)").matches) return;
        const { offsetWidth: width, offsetHeight: height } = menu;
        const below = anchor.bottom + GAP + height <= innerHeight;
        menu.style.left = `${Math.max(8, Math.min(anchor.left, innerWidth - width - 8))}px`;
        menu.style.top = `${Math.max(8, below ? anchor.bottom + GAP : Math.min(anchor.top - GAP, innerHeight - 8) - height)}px`;
    }

    _pressed = (/** @type {KeyboardEvent} */ event) => {
        const entries = this._entries;
        const at = entries.indexOf(/** @type {HTMLElement} */ (document.activeElement));
        const next = target(event.key, at, entries);
        if (next === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
        event.preventDefault();
        next.focus();
    };
}

/**
 * Return the entry to which a key moves.
 * @param {string} pressed
 * @param {number} at
 * @param {HTMLElement[]} entries
 */
function target(pressed, at, entries) {
    if (pressed === "ArrowDown" || (pressed === "Tab" && at < entries.length - 1)) return entries[(at + 1) % entries.length];
    if (pressed === "ArrowUp") return entries.at(at <= 0 ? -1 : at - 1);
    if (pressed === "Home") return entries[0];
    if (pressed === "End") return entries.at(-1);
    if (pressed.length > 1 || pressed === " ") return undefined;
    const begins = (/** @type {HTMLElement} */ entry) => entry.textContent?.trim().toLowerCase().startsWith(pressed.toLowerCase());
    return [...entries.slice(at + 1), ...entries.slice(0, at + 1)].find(begins);
}
